import { setTimeout as delay } from 'node:timers/promises';
import { AndonError, fail } from '../lib/errors.ts';
import type { Oid } from '../policies/facts.ts';
import { isAncestor, type RefPlace, readRef } from './refs.ts';
import type { Repository } from './repository.ts';
import type { GitRunner } from './runner.ts';

const upstreamRef = 'refs/andon/upstream';
const lockMsMax = 10_000;
const lockTriesMs = 250;
const networkMs = 10 * 60_000;

/** A remote repository that main follows or is mirrored to. */
export interface Upstream {
  readonly runner: GitRunner;
  readonly repository: Repository;
  /** A URL or a path, as git takes them. Credentials come from `env`, never from the URL. */
  readonly url: string;
  /** The remote's branch: `refs/heads/main`. */
  readonly remoteRef: string;
  /** Variables that the operator grants for the connection: HOME, SSH_AUTH_SOCK, GIT_SSH_COMMAND, GIT_CONFIG_…. */
  readonly env?: Readonly<Record<string, string>>;
}

/** A remote beside main: the same, behind it, ahead of it by some commits, or with commits of its own as main has. */
export type UpstreamComparison =
  | { readonly kind: 'same' | 'ahead'; readonly main: Oid }
  | ({ readonly kind: 'forward'; readonly main: Oid; readonly tip: Oid } & IncomingCommits)
  | { readonly kind: 'diverged'; readonly main: Oid; readonly tip: Oid; readonly words: string };

/**
 * Fetches the remote's branch, up to ten minutes over the network, and answers its tip; main stays. git refuses two fetches
 * into one ref: a process waits for that of another gateway. Rejects with `git.failed`.
 */
export async function fetchUpstream(upstream: Upstream): Promise<Oid> {
  const { runner, repository, url, remoteRef } = upstream;
  const args = [
    'fetch',
    '--quiet',
    '--no-tags',
    '--no-write-fetch-head',
    '--no-auto-maintenance',
    '--',
    safeUrl(url),
  ];
  const options = { ...call(upstream), config: { 'fetch.fsckObjects': 'true' } };
  for (const endMs = performance.now() + lockMsMax; ; await delay(lockTriesMs)) {
    try {
      await runner.must([...args, `+${remoteRef}:${upstreamRef}`], options);
      break;
    } catch (error) {
      if (!isLocked(error) || performance.now() > endMs) throw error;
    }
  }
  const theirs = await readRef({ runner, gitDir: repository.gitDir }, upstreamRef);
  if (theirs === undefined) throw fail('git.failed', 'git fetch', { found: `${remoteRef} did not arrive` });
  return theirs;
}

const isLocked = (error: unknown): boolean =>
  error instanceof AndonError && /cannot lock ref|Unable to create/.test(String(error.reasons[0].found));

const authorsMax = 20;

/** Compares main with a fetched tip; moves nothing, and uses no network. */
export async function compareUpstream(
  { runner, repository }: Pick<Upstream, 'runner' | 'repository'>,
  tip: Oid,
): Promise<UpstreamComparison> {
  const { gitDir, mainRef } = repository;
  const place = { runner, gitDir };
  const main = (await readRef(place, mainRef)) ?? '';
  if (tip === main) return { kind: 'same', main };
  if (await isAncestor(place, tip, main)) return { kind: 'ahead', main };
  if (!(await isAncestor(place, main, tip))) {
    const words = `${await commitWords(place, tip)}; here is ${await commitWords(place, main)}`;
    return { kind: 'diverged', main, tip, words };
  }
  return { kind: 'forward', main, tip, ...(await incomingCommits(place, main, tip)) };
}

/** Commits that came from a remote: their number, and names and addresses of those who made them, the busiest first. */
export interface IncomingCommits {
  readonly commits: number;
  readonly authors: readonly string[];
}

/** The commits that a tip has and main has not. */
export async function incomingCommits(
  { runner, gitDir }: RefPlace,
  main: Oid,
  tip: Oid,
): Promise<IncomingCommits> {
  const range = `${main}..${tip}`;
  const count = await runner.must(['rev-list', '--count', range], { gitDir });
  const listed = await runner.must(['shortlog', '--summary', '--numbered', '--email', range], { gitDir });
  const authors = listed
    .toString('utf8')
    .split('\n')
    .flatMap((line) => plainWords(line.split('\t')[1] ?? '') || []);
  return { commits: Number(count), authors: authors.slice(0, authorsMax) };
}

/**
 * Pushes a landed commit to the remote's branch, which must still be at `expected` (undefined: not exist) and
 * must be an ancestor: a lease, never a force. Rejects with `sync.diverged` when the remote has moved.
 */
export async function mirrorUpstream(upstream: Upstream, to: Oid, expected: Oid | undefined): Promise<void> {
  const { runner, repository, url, remoteRef } = upstream;
  const place = { runner, gitDir: repository.gitDir };
  if (expected !== undefined && !(await isAncestor(place, expected, to))) {
    const [theirs, ours] = [await commitWords(place, expected), await commitWords(place, to)];
    throw fail('sync.diverged', remoteRef, { found: `${theirs}; here is ${ours}`, limit: to });
  }
  const lease = `--force-with-lease=${remoteRef}:${expected ?? ''}`;
  const args = ['push', '--quiet', '--porcelain', lease, '--', safeUrl(url), `${to}:${remoteRef}`];
  const { code, stdout, stderr } = await runner.run(args, call(upstream));
  if (code === 0) return;
  const said = `${stdout.toString('utf8')}\n${stderr}`;
  if (/stale info|fetch first|non-fast-forward/.test(said))
    throw fail('sync.diverged', remoteRef, { found: 'the remote has moved' });
  throw fail('git.failed', 'git push', { found: stderr.trim().slice(-300) });
}

/** Options of a git call that talks with a remote. */
export const call = ({ repository, env }: Upstream) => ({
  gitDir: repository.gitDir,
  timeoutMs: networkMs,
  ...(env !== undefined && { env }),
});

/**
 * Refuses URLs such as `ext::`, which start programs; git refuses them by default too, but the default can be
 * changed.
 */
export function safeUrl(url: string): string {
  if (url.includes('::'))
    throw fail('cli.usage', url, { found: 'a remote helper', next: 'use https, ssh or a path' });
  return url;
}

/** A commit in words: its short id, its author, the beginning of its subject. */
async function commitWords({ runner, gitDir }: RefPlace, commit: Oid): Promise<string> {
  const shown = await runner.must(['log', '-1', '--format=%h by %an: %s', commit], { gitDir });
  return plainWords(shown.toString('utf8'));
}

/** Words of a commit that a terminal can show: they are those of a stranger. */
const plainWords = (text: string): string =>
  text
    .trim()
    .replace(/\p{Cc}/gu, ' ')
    .slice(0, 120);

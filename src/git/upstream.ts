import { fail } from '../lib/errors.ts';
import type { Oid } from '../policies/facts.ts';
import { isAncestor, moveRef, type RefPlace, readRef } from './refs.ts';
import type { Repository } from './repository.ts';
import type { GitRunner } from './runner.ts';

const upstreamRef = 'refs/andon/upstream';
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

/** The outcome of following a remote: nothing to do, main ahead of the remote, or main moved forward. */
export type SyncResult =
  | { readonly kind: 'same' | 'ahead'; readonly main: Oid }
  | { readonly kind: 'forwarded'; readonly from: Oid | undefined; readonly main: Oid };

/**
 * Fetches the remote's branch, up to ten minutes over the network, and answers its tip; main stays. One call
 * at a time for a repository: git refuses two fetches into one ref. Rejects with `git.failed`.
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
  await runner.must([...args, `+${remoteRef}:${upstreamRef}`], {
    ...call(upstream),
    config: { 'fetch.fsckObjects': 'true' },
  });
  const theirs = await readRef({ runner, gitDir: repository.gitDir }, upstreamRef);
  if (theirs === undefined) throw fail('git.failed', 'git fetch', { found: `${remoteRef} did not arrive` });
  return theirs;
}

/**
 * Moves main forward to a fetched tip, under the fence; no network. `ahead`: main has landings that the
 * remote lacks. Rejects with `sync.diverged` when each has commits of its own; then nothing has moved.
 */
export async function followUpstream(
  { runner, repository }: Pick<Upstream, 'runner' | 'repository'>,
  theirs: Oid,
  fence: Oid,
): Promise<SyncResult> {
  const { gitDir, mainRef } = repository;
  const place = { runner, gitDir };
  const ours = await readRef(place, mainRef);
  if (theirs === ours) return { kind: 'same', main: theirs };
  if (ours === undefined) return forward(place, mainRef, { to: theirs }, fence);
  if (await isAncestor(place, theirs, ours)) return { kind: 'ahead', main: ours };
  if (await isAncestor(place, ours, theirs))
    return forward(place, mainRef, { from: ours, to: theirs }, fence);
  throw fail('sync.diverged', mainRef, { found: theirs, limit: ours });
}

async function forward(
  place: RefPlace,
  ref: string,
  move: { from?: Oid; to: Oid },
  fence: Oid,
): Promise<SyncResult> {
  if ((await moveRef(place, { ref, ...move }, fence)) === 'moved')
    return { kind: 'forwarded', from: move.from, main: move.to };
  throw fail('git.failed', ref, { found: 'main moved meanwhile', next: 'andon sync again' });
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
  return shown
    .toString('utf8')
    .trim()
    .replace(/\p{Cc}/gu, ' ')
    .slice(0, 120);
}

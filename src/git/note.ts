import { commitCandidate, type Identity } from './candidate.ts';
import { type RefPlace, readRef } from './refs.ts';
import { call, safeUrl, type Upstream } from './upstream.ts';

const remoteNote = 'refs/notes/andon-log';
const localNote = 'refs/andon/note';
const file = 'mark.json';
const author: Identity = { name: 'Andon', email: 'andon@localhost' };

const placeOf = ({ runner, repository }: Upstream): RefPlace => ({ runner, gitDir: repository.gitDir });

/**
 * The last text noted on a remote; undefined when there is none. Rejects with `git.failed` when the remote is
 * not reached.
 */
export async function readNote(upstream: Upstream): Promise<string | undefined> {
  if ((await fetchNote(upstream)) === undefined) return undefined;
  const { runner, repository } = upstream;
  const text = await runner.must(['cat-file', 'blob', `${localNote}:${file}`], { gitDir: repository.gitDir });
  return text.toString('utf8');
}

async function fetchNote(upstream: Upstream): Promise<string | undefined> {
  const { runner, url } = upstream;
  const quiet = ['--quiet', '--no-tags', '--no-write-fetch-head', '--no-auto-maintenance'];
  const listed = await runner.must(['ls-remote', '--', safeUrl(url), remoteNote], call(upstream));
  if (listed.length === 0) return undefined;
  await runner.must(['fetch', ...quiet, '--', safeUrl(url), `+${remoteNote}:${localNote}`], {
    ...call(upstream),
    config: { 'fetch.fsckObjects': 'true' },
  });
  return readRef(placeOf(upstream), localNote);
}

/** Notes a text on a remote, as one more commit on the note's own branch. Rejects with `git.failed`. */
export async function writeNote(upstream: Upstream, text: string, nowSeconds: number): Promise<void> {
  const { runner, repository, url } = upstream;
  const { gitDir } = repository;
  const parent = await fetchNote(upstream);
  const oidOf = (output: Buffer): string => output.toString('latin1').trim();
  const blob = oidOf(await runner.must(['hash-object', '-w', '--stdin'], { gitDir, stdin: text }));
  const tree = oidOf(await runner.must(['mktree'], { gitDir, stdin: `100644 blob ${blob}\t${file}\n` }));
  const commit = await commitCandidate(placeOf(upstream), {
    parents: parent === undefined ? [] : [parent],
    tree,
    message: 'Where the log of Andon stands\n',
    identity: author,
    date: `@${nowSeconds} +0000`,
  });
  await runner.must(['push', '--quiet', '--', safeUrl(url), `${commit}:${remoteNote}`], call(upstream));
}

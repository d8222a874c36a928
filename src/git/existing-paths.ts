import { at, type GitPlace } from './place.ts';

/** Runs git with arguments and input, and answers its output. */
export type RunsGit = (args: readonly string[], input: string) => Promise<Buffer>;

const outputBytesMax = 16 * 1024 * 1024;

/** Runs git at a place. */
export const gitAt =
  (place: GitPlace): RunsGit =>
  (args, stdin) =>
    place.runner.must(args, { ...at(place), stdin, outputBytesMax });

/**
 * Those of the paths that are files of a tree, a commit or, with an empty `rev`, of the index. A path that would
 * break the protocol of lines names no file that was accepted.
 */
export async function existingPaths(
  run: RunsGit,
  rev: string,
  paths: readonly string[],
): Promise<ReadonlySet<string>> {
  const asked = [...new Set(paths)].filter((path) => !path.includes('\n'));
  if (asked.length === 0) return new Set();
  const input = asked.map((path) => `${rev}:${path}\n`).join('');
  const output = await run(['cat-file', '--batch-check=%(objecttype)'], input);
  const answers = output.toString('utf8').trimEnd().split('\n');
  return new Set(asked.filter((_path, at) => answers[at] === 'blob'));
}

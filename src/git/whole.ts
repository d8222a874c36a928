import { AndonError, fail } from '../lib/errors.ts';
import type { GitRunner, RunResult } from './runner.ts';

/** A repository whose objects are looked at, with the place that people know it by. */
interface Looked {
  readonly runner: GitRunner;
  readonly gitDir: string;
  readonly source: string;
  /** True for a source that fetches objects only when they are asked for. */
  readonly isPartial: boolean;
}

const reachMs = 10 * 60_000;
const readMs = 2 * 60_000;

/** Bits of the exit code of git fsck: reachable objects are missing, a pack cannot be read. */
const fsckBroken = 2 | 4;

/**
 * Refuses a repository that lacks an object of its history, or holds one that cannot be read: Andon would have to serve
 * it, and to judge against it. Reachable objects are always looked for. Reading all of them is given up after a while, as
 * in a history of gigabytes, and what was wrong with the form of old commits hinders nobody. Errors: `repo.shallow` for
 * a partial clone, `repo.broken`.
 */
export async function refuseBroken(looked: Looked): Promise<void> {
  const { runner, gitDir } = looked;
  const reached = await runner.run(['rev-list', '--objects', '--all', '--quiet'], {
    gitDir,
    timeoutMs: reachMs,
  });
  if (reached.code !== 0) throw broken(looked, reached);
  const options = { gitDir, timeoutMs: readMs };
  const read = await runner.run(['fsck', '--full', '--no-dangling', '--no-progress'], options).catch(givenUp);
  if (read !== undefined && (read.code & fsckBroken) !== 0) throw broken(looked, read);
}

/** Undefined for a git that took too long or said too much. */
function givenUp(error: unknown): undefined {
  if (error instanceof AndonError && error.code === 'git.failed') return undefined;
  throw error;
}

function broken({ source, isPartial }: Looked, { stdout, stderr }: RunResult): AndonError {
  const lines = `${stderr}\n${stdout.toString('utf8')}`.split('\n').filter((line) => line.trim() !== '');
  const named = lines.find((line) => /\b[0-9a-f]{40}/.test(line) && !line.startsWith('dangling'));
  const found = (named ?? lines[0] ?? 'git fsck failed').replace(/^(?:fatal|error): /, '').slice(0, 300);
  if (!isPartial) return fail('repo.broken', source, { found });
  const next = 'fetch the objects that were left out: git fetch --refetch --no-filter there, then try again';
  return fail('repo.shallow', source, { found: `a partial clone: ${found}`, next });
}

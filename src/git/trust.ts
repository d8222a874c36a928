import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { GitRunner } from './runner.ts';
import { temporaryFolder } from './temporary.ts';

/** Variables of the operator that lead git to a configuration. */
export type GitEnvironment = Readonly<Record<string, string>>;

/** Variables that make git read the operator's own configuration, which Andon hides from it otherwise. */
const asOperator = { GIT_CONFIG_GLOBAL: undefined, GIT_CONFIG_NOSYSTEM: '0' };

/** The right of git to read repositories of other users for the duration of some work. */
export interface Trust {
  /** Environment of every git that reads those repositories. */
  readonly env: GitEnvironment;
  /** Adds a folder, if the operator trusts any other. */
  also(folder: string): Promise<void>;
}

/**
 * Gives work an environment in which git reads those repositories of other users that the operator has told
 * git to trust (`safe.directory`, git-config(1)), and takes nothing else from the operator's configuration.
 * The trust is written to a file, because a setting of the environment does not reach the git-upload-pack
 * that a fetch from a path starts. `operator` holds the HOME and XDG_CONFIG_HOME that lead to that
 * configuration.
 */
export async function trusting<T>(
  runner: GitRunner,
  operator: GitEnvironment,
  work: (trust: Trust) => Promise<T>,
): Promise<T> {
  const trusted = await trustedFolders(runner, operator);
  if (trusted.length === 0) return work({ env: {}, also: async () => undefined });
  const folder = temporaryFolder('git');
  const file = join(folder, 'trust');
  const also = async (one: string): Promise<void> => {
    await runner.must(['config', '--file', file, '--add', 'safe.directory', one], { cwd: folder });
  };
  try {
    for (const one of trusted) await also(one);
    return await work({ env: { GIT_CONFIG_GLOBAL: file }, also });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

const operatorScopes = new Set(['system', 'global', 'command']);

/**
 * The trusted folders in the order of the operator's configuration, where an empty entry cancels the entries
 * before it. Read as paths, because `~` is another folder for Andon's git.
 */
async function trustedFolders(runner: GitRunner, operator: GitEnvironment): Promise<string[]> {
  const { stdout } = await runner.run(
    ['config', '--type=path', '--show-scope', '-z', '--get-all', 'safe.directory'],
    {
      cwd: '/',
      env: { ...operator, ...asOperator },
    },
  );
  const words = stdout.toString('utf8').split('\0');
  return words.filter((_, index) => index % 2 === 1 && operatorScopes.has(words[index - 1] ?? ''));
}

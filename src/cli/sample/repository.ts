import { execFile } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import type { Environment } from '../world.ts';
import { repositoryFiles } from './example.ts';

const exec = promisify(execFile);

/** The environment of git: none of the user's settings, an identity, a separate HOME. */
function plainEnvironment(env: Environment, home: string, name: string): Record<string, string> {
  return {
    PATH: env.PATH ?? '',
    HOME: home,
    LANG: 'C.UTF-8',
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_TERMINAL_PROMPT: '0',
    GIT_AUTHOR_NAME: name,
    GIT_AUTHOR_EMAIL: `${name}@till.example`,
    GIT_COMMITTER_NAME: name,
    GIT_COMMITTER_EMAIL: `${name}@till.example`,
  };
}

/** Makes the sample's repository, as a user would make one. */
export async function makeRepository(folder: string, plan: string, env: Environment): Promise<void> {
  await mkdir(folder, { recursive: true });
  for (const [path, text] of Object.entries({ ...repositoryFiles(), 'andon.yaml': plan })) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), text);
  }
  const options = { cwd: folder, env: plainEnvironment(env, folder, 'owner') };
  await exec('git', ['init', '--quiet', '--initial-branch=main'], options);
  await exec('git', ['add', '--all'], options);
  await exec('git', ['commit', '--quiet', '--message', 'Begin the till'], options);
}

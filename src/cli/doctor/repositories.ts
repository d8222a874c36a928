import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { findLeftovers, usersOf } from '../../git/locks.ts';
import { createGitRunner } from '../../git/runner.ts';
import { unsafeSettings } from '../../git/settings.ts';
import { defined } from '../../lib/defined.ts';
import { type Finding, fault, ok } from './finding.ts';

const staleMs = 2_000;

/** Examines the bare repositories of a data folder: stale locks, unsafe settings, damaged objects. */
export async function examineRepositories(dataFolder: string): Promise<Finding[]> {
  const folder = join(dataFolder, 'repos');
  const names = await readdir(folder).catch(() => []);
  const runner = createGitRunner(defined({ path: process.env.PATH }));
  try {
    const found: Finding[] = [];
    for (const name of names.filter((one) => one.endsWith('.git'))) {
      const gitDir = join(folder, name);
      const faults = [...(await staleLocks(gitDir)), ...(await unsafe(runner, gitDir))];
      found.push(...(faults.length === 0 ? [ok('repository', gitDir)] : faults));
    }
    return found;
  } finally {
    await runner.close();
  }
}

async function staleLocks(gitDir: string): Promise<Finding[]> {
  const users = (await usersOf(gitDir)) ?? [];
  if (users.length > 0) return [];
  const found: Finding[] = [];
  for (const path of await findLeftovers(gitDir)) {
    const info = await stat(path).catch(() => undefined);
    const ageMs = info === undefined ? 0 : Date.now() - info.mtimeMs;
    if (ageMs < staleMs) continue;
    found.push(
      fault(
        'lock',
        path,
        `${Math.round(ageMs / 1000)} s old, and no git works there`,
        'start the gateway: andon up sweeps it away; or remove it',
      ),
    );
  }
  return found;
}

async function unsafe(runner: ReturnType<typeof createGitRunner>, gitDir: string): Promise<Finding[]> {
  const settings = await unsafeSettings(runner, gitDir);
  return settings.map(({ key, value, why }) =>
    fault('git settings', `${gitDir} ${key}`, value, `take it away: ${why}`),
  );
}

import { createReadStream, createWriteStream } from 'node:fs';
import { readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { listRefs } from '../../git/refs.ts';
import { createRepository, openRepository } from '../../git/repository.ts';
import type { GitRunner } from '../../git/runner.ts';
import { fail } from '../../lib/errors.ts';
import { type Manifest, packFile } from './manifest.ts';

/** A repository in the manifest of a backup. */
export type SavedRepository = Manifest['repositories'][number];

/** The object of every ref of every repository at this moment. */
export async function readRepositories(runner: GitRunner, reposFolder: string): Promise<SavedRepository[]> {
  const names = (await readdir(reposFolder).catch(() => [])).filter((name) => name.endsWith('.git')).sort();
  const found: SavedRepository[] = [];
  for (const name of names) {
    const gitDir = join(reposFolder, name);
    const { mainRef } = await openRepository(runner, gitDir);
    const refs = Object.fromEntries(await listRefs({ runner, gitDir }, 'refs/'));
    found.push({ project: name.slice(0, -'.git'.length), main: mainRef, refs });
  }
  return found;
}

/**
 * Writes one pack with every object that the refs reach. Refs may move meanwhile: the objects that they named
 * stay.
 */
export async function savePack(
  runner: GitRunner,
  reposFolder: string,
  { project, refs }: SavedRepository,
  folder: string,
): Promise<void> {
  const gitDir = join(reposFolder, `${project}.git`);
  const oids = [...new Set(Object.values(refs))];
  const child = await runner.stream(
    ['pack-objects', '--revs', '--stdout', '--quiet', '--delta-base-offset'],
    {
      gitDir,
      stdin: true,
    },
  );
  child.stdin?.on('error', () => undefined);
  child.stdin?.end(`${oids.join('\n')}\n`);
  child.stderr.resume();
  await pipeline(
    child.stdout,
    createWriteStream(join(folder, packFile(project)), { flags: 'wx', mode: 0o600 }),
  );
  const { code, signal } = await child.exited;
  if (code !== 0) throw fail('git.failed', 'git pack-objects', { found: signal ?? `exit ${code}` });
}

const packMs = 60 * 60_000;

/** Restores a repository from its pack and refs, and lets git verify that no reachable object is missing. */
export async function loadRepository(
  runner: GitRunner,
  reposFolder: string,
  { project, main, refs }: SavedRepository,
  folder: string,
): Promise<void> {
  const gitDir = join(reposFolder, `${project}.git`);
  await createRepository({ runner, gitDir, branch: main.slice('refs/heads/'.length) });
  try {
    await indexPack(runner, gitDir, join(folder, packFile(project)));
    const commands = Object.entries(refs).map(([ref, oid]) => `create ${ref}\0${oid}\0`);
    await runner.must(['update-ref', '--stdin', '-z'], { gitDir, stdin: commands.join('') });
    await runner.must(['fsck', '--connectivity-only', '--no-dangling', '--no-progress'], {
      gitDir,
      timeoutMs: packMs,
    });
  } catch (error) {
    await rm(gitDir, { recursive: true, force: true });
    throw error;
  }
}

async function indexPack(runner: GitRunner, gitDir: string, path: string): Promise<void> {
  // git takes no pack without objects; an empty project still has its first commit.
  if ((await stat(path)).size === 0) return;
  const child = await runner.stream(['index-pack', '--stdin'], { gitDir, stdin: true });
  child.stdout.resume();
  child.stderr.resume();
  if (child.stdin === undefined) throw fail('git.failed', 'git index-pack', { found: 'no stdin' });
  // git ends when it has read the pack, maybe before the last write is told as done: its status decides alone. A
  // file that cannot be read to its end is no whole pack for git either.
  const broken = await pipeline(createReadStream(path), child.stdin).then(
    () => undefined,
    (error: unknown) => error,
  );
  const { code, signal } = await child.exited;
  if (code !== 0)
    throw fail('store.backup', path, { found: `git index-pack: ${signal ?? `exit ${code}`}` }, broken);
}

import { constants } from 'node:fs';
import { chmod, lchown, mkdir, open, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { limits } from '../../lib/limits.ts';
import { writeAccounts } from '../../sandbox/etc.ts';
import { giveAway } from '../../sandbox/give-away.ts';
import type { OwnUser } from '../../sandbox/own-user.ts';
import { removeTree } from '../../sandbox/remove-tree.ts';
import type { VerdictText } from '../protocol.ts';

/**
 * The folders and files of one run. All of them lie in `folder`, which belongs to the runner: the run can
 * read there, and write in `tree`, `home`, `tmp` and `out` alone.
 */
export interface RunFolder {
  readonly folder: string;
  /** The run's clone. */
  readonly tree: string;
  readonly home: string;
  readonly tmp: string;
  /** Folder for the files that the runner reads: the verdict. */
  readonly out: string;
  /** Folder of the passwd and group files that the run sees in bubblewrap. */
  readonly accounts: string;
  /** Folder of programs that precedes the PATH: `andon`. */
  readonly bin: string;
  readonly taskFile: string;
  readonly verdictFile: string;
  readonly inboxFile: string;
  readonly tokenFile: string;
}

/** The folders of the run with that id, below `runs`. */
export function runFolderOf(runs: string, id: string): RunFolder {
  const folder = join(runs, id);
  const at = (name: string): string => join(folder, name);
  return {
    folder,
    tree: at('tree'),
    home: at('home'),
    tmp: at('tmp'),
    out: at('out'),
    accounts: at('etc'),
    bin: at('bin'),
    taskFile: at('task.json'),
    verdictFile: at('out/verdict.json'),
    inboxFile: at('inbox.jsonl'),
    tokenFile: at('token'),
  };
}

/** The folders of a run that it may write to. */
export const writableOf = ({ tree, home, tmp, out }: RunFolder): string[] => [tree, home, tmp, out];

/**
 * Makes the folders of a run and the `andon` of its PATH. `launch` is the command that starts the program,
 * `user` the separate user of the run.
 */
export async function makeRunFolder(
  place: RunFolder,
  launch: readonly string[],
  user: OwnUser | undefined,
): Promise<void> {
  if (!(await removeTree(place.folder))) throw new Error(`${place.folder}: what lay there cannot be removed`);
  for (const folder of [place.folder, place.home, place.tmp, place.out, place.bin]) {
    await mkdir(folder, { recursive: true });
    // The umask may have taken rights away.
    await chmod(folder, 0o755);
  }
  await writeShim(join(place.bin, 'andon'), launch);
  const [node = ''] = launch;
  // When node had to be copied to a place that the run can read, the run uses that copy.
  if (node !== process.execPath) await writeShim(join(place.bin, 'node'), [node]);
  await writeAccounts(place.accounts, user, place.home);
  await writeFile(place.inboxFile, '');
}

async function writeShim(file: string, launch: readonly string[]): Promise<void> {
  const words = launch.map((word) => `'${word.replaceAll("'", `'\\''`)}'`).join(' ');
  await writeFile(file, `#!/bin/sh\nexec ${words} "$@"\n`);
  await chmod(file, 0o755);
}

/**
 * Hands the run's own files to its user, before any of its processes starts: folders to write to, files for
 * the run alone to read.
 */
export async function handOver(place: RunFolder, user: OwnUser, files: readonly string[]): Promise<void> {
  for (const folder of writableOf(place)) await giveAway(folder, user);
  for (const file of files) await secretFor(file, user);
}

async function secretFor(file: string, { gid }: OwnUser): Promise<void> {
  await lchown(file, 0, gid);
  await chmod(file, 0o640);
}

const { verdictBytesMax } = limits;

/**
 * The text of the verdict, if there is one: a plain file at its place, not a link elsewhere, of a size that a
 * verdict may have. Reads no more than that size.
 */
export async function readVerdictText(file: string): Promise<VerdictText> {
  // The flags refuse a link, and a pipe that nobody writes to cannot block.
  const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
  let handle: Awaited<ReturnType<typeof open>>;
  try {
    handle = await open(file, flags);
  } catch (error) {
    return { problem: (error as NodeJS.ErrnoException).code === 'ENOENT' ? 'missing' : 'not_a_file' };
  }
  try {
    const stat = await handle.stat();
    if (!stat.isFile() || stat.nlink > 1) return { problem: 'not_a_file' };
    if (stat.size > verdictBytesMax) return { problem: 'too_large' };
    const { buffer, bytesRead } = await handle.read(
      Buffer.alloc(verdictBytesMax + 1),
      0,
      verdictBytesMax + 1,
      0,
    );
    if (bytesRead > verdictBytesMax) return { problem: 'too_large' };
    return bytesRead === 0 ? { problem: 'missing' } : { text: buffer.toString('utf8', 0, bytesRead) };
  } finally {
    await handle.close();
  }
}

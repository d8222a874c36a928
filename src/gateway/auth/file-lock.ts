import { randomBytes } from 'node:crypto';
import { link, readFile, readlink, rename, stat, unlink, writeFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { fail } from '../../lib/errors.ts';

/** Time that a caller waits for others, in milliseconds. */
const waitMsMax = 60_000;
/**
 * Age in milliseconds at which a lock counts as left over if its owner, of another machine or container,
 * cannot be looked up.
 */
const foreignMsMax = 20_000;
const pollMs = 20;

/**
 * Does the work while no other caller of this function works on the file, in any process. The lock is a file
 * beside the locked one that names its owner, and is taken from a dead owner. Errors: `token.busy` when
 * another caller holds the lock for a minute.
 */
export async function withFileLock<T>(path: string, work: () => Promise<T>): Promise<T> {
  const lock = `${path}.lock`;
  const mark = `${await selfText()} ${randomBytes(8).toString('hex')}`;
  await take(lock, mark);
  try {
    return await work();
  } finally {
    if ((await read(lock)) === mark) await unlink(lock).catch(() => undefined);
  }
}

async function take(lock: string, mark: string): Promise<void> {
  const until = performance.now() + waitMsMax;
  while (!(await create(lock, mark))) {
    if (performance.now() > until)
      throw fail('token.busy', lock, { found: (await read(lock)) ?? 'held', limit: `${waitMsMax} ms` });
    await removeLeftOver(lock);
    await delay(pollMs + Math.random() * pollMs);
  }
}

/** Makes the lock whole or not at all, so that no process reads an empty one. */
async function create(lock: string, mark: string): Promise<boolean> {
  const aside = `${lock}.${randomBytes(8).toString('hex')}`;
  await writeFile(aside, mark, { mode: 0o600, flag: 'wx' });
  try {
    await link(aside, lock);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  } finally {
    await unlink(aside).catch(() => undefined);
  }
}

async function removeLeftOver(lock: string): Promise<void> {
  const held = await read(lock);
  if (held === undefined || !(await isLeftOver(lock, held))) return;
  // The lock is moved aside and read again: another process may have removed it and taken the lock meanwhile.
  const aside = `${lock}.${randomBytes(8).toString('hex')}`;
  const isMoved = await rename(lock, aside).then(
    () => true,
    () => false,
  );
  if (!isMoved) return;
  if ((await read(aside)) !== held) await link(aside, lock).catch(() => undefined);
  await unlink(aside).catch(() => undefined);
}

async function isLeftOver(lock: string, held: string): Promise<boolean> {
  const [space, pid, start] = held.split(' ');
  const [ownSpace] = (await selfText()).split(' ');
  if (space === ownSpace) return (await startOf(Number(pid))) !== start;
  const found = await stat(lock).catch(() => undefined);
  return found !== undefined && Date.now() - found.mtimeMs > foreignMsMax;
}

const read = (path: string): Promise<string | undefined> => readFile(path, 'utf8').catch(() => undefined);

let self: Promise<string> | undefined;

/** Identifies this process, so that others can tell if it lives: the namespace of its id, the id, and its start. */
function selfText(): Promise<string> {
  self ??= (async () => `${await spaceOf()} ${process.pid} ${await startOf(process.pid)}`)();
  return self;
}

/** The scope of process ids: processes of one boot and one namespace can look each other up. */
async function spaceOf(): Promise<string> {
  const [boot, namespace] = await Promise.all([
    read('/proc/sys/kernel/random/boot_id'),
    readlink('/proc/self/ns/pid').catch(() => ''),
  ]);
  return boot === undefined ? process.platform : `${boot.trim()}/${namespace}`;
}

/**
 * The start of a process, in ticks of the kernel; without /proc a fixed text for a living one. Undefined for
 * a dead one.
 */
async function startOf(pid: number): Promise<string | undefined> {
  const text = await read(`/proc/${pid}/stat`);
  // The name of the program stands in parentheses and may hold any character; the start is the twentieth word
  // behind it.
  if (text !== undefined) return text.slice(text.lastIndexOf(')') + 2).split(' ')[19];
  if (process.platform === 'linux') return undefined;
  try {
    process.kill(pid, 0);
    return 'alive';
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM' ? 'alive' : undefined;
  }
}

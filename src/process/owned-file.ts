import { randomBytes } from 'node:crypto';
import { link, readFile, readlink, rename, stat, unlink, writeFile } from 'node:fs/promises';

/**
 * Age in milliseconds at which a file counts as left over if its owner, of another machine or container,
 * cannot be looked up.
 */
const foreignMsMax = 20_000;

/** The content of an owned file that this process makes: it names the process, and this taking alone. */
export const ownerText = async (): Promise<string> => `${await selfText()} ${randomBytes(8).toString('hex')}`;

/**
 * Makes a file that names its owner, by `ownerText`; removes one that a dead owner left, for the next try.
 * Answers false when the file was there. Rejects when files cannot be made at that place.
 */
export async function takeFile(path: string, owner: string): Promise<boolean> {
  if (await create(path, owner)) return true;
  await removeLeftOver(path);
  return false;
}

/** Removes the file if it is still the one that was taken with this text. */
export async function giveFileBack(path: string, owner: string): Promise<void> {
  if ((await ownerOf(path)) === owner) await unlink(path).catch(() => undefined);
}

/** The text that names the owner of the file; undefined when there is none. */
export const ownerOf = (path: string): Promise<string | undefined> => textOf(path);

const textOf = (path: string): Promise<string | undefined> => readFile(path, 'utf8').catch(() => undefined);

/** Makes the file whole or not at all, so that no process reads an empty one. */
async function create(path: string, owner: string): Promise<boolean> {
  const aside = `${path}.${randomBytes(8).toString('hex')}`;
  await writeFile(aside, owner, { mode: 0o600, flag: 'wx' });
  try {
    await link(aside, path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  } finally {
    await unlink(aside).catch(() => undefined);
  }
}

async function removeLeftOver(path: string): Promise<void> {
  const held = await ownerOf(path);
  if (held === undefined || !(await isLeftOver(path, held))) return;
  // The file is moved aside and read again: another process may have removed it and made its own meanwhile.
  const aside = `${path}.${randomBytes(8).toString('hex')}`;
  const isMoved = await rename(path, aside).then(
    () => true,
    () => false,
  );
  if (!isMoved) return;
  if ((await ownerOf(aside)) !== held) await link(aside, path).catch(() => undefined);
  await unlink(aside).catch(() => undefined);
}

async function isLeftOver(path: string, held: string): Promise<boolean> {
  const [space, pid, start] = held.split(' ');
  const [ownSpace] = (await selfText()).split(' ');
  if (space === ownSpace) return (await startOf(Number(pid))) !== start;
  const found = await stat(path).catch(() => undefined);
  return found !== undefined && Date.now() - found.mtimeMs > foreignMsMax;
}

let self: Promise<string> | undefined;

/** Identifies this process, so that others can tell if it lives: the namespace of its id, the id, and its start. */
function selfText(): Promise<string> {
  self ??= (async () => `${await spaceOf()} ${process.pid} ${await startOf(process.pid)}`)();
  return self;
}

/** The scope of process ids: processes of one boot and one namespace can look each other up. */
async function spaceOf(): Promise<string> {
  const [boot, namespace] = await Promise.all([
    textOf('/proc/sys/kernel/random/boot_id'),
    readlink('/proc/self/ns/pid').catch(() => ''),
  ]);
  return boot === undefined ? process.platform : `${boot.trim()}/${namespace}`;
}

/**
 * The start of a process, in ticks of the kernel; without /proc a fixed text for a living one. Undefined for
 * a dead one.
 */
async function startOf(pid: number): Promise<string | undefined> {
  const text = await textOf(`/proc/${pid}/stat`);
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

import { createHash } from 'node:crypto';
import { mkdtempSync, readlinkSync } from 'node:fs';
import { lstat, readdir, rm } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';

/** What a process of Andon keeps in the system's temporary folder while it needs it. */
export type TemporaryKind = 'gate' | 'checkout' | 'git';

const named = /^andon-(?:gate|checkout|git)-(\d+)-([0-9a-f]{8})-/;

/**
 * A new folder there, for its owner only. Its name says which process made it, so that the next gateway can remove what
 * a killed one left.
 */
export const temporaryFolder = (kind: TemporaryKind): string =>
  mkdtempSync(join(tmpdir(), `andon-${kind}-${process.pid}-${spaceOfIds()}-`));

/** Removes the folders of this user whose process is gone; answers their names. */
export async function sweepTemporary(): Promise<string[]> {
  const removed: string[] = [];
  for (const name of await readdir(tmpdir())) {
    if (!(await isLeft(name))) continue;
    await rm(join(tmpdir(), name), { recursive: true, force: true });
    removed.push(name);
  }
  return removed;
}

async function isLeft(name: string): Promise<boolean> {
  const [, pid, space] = named.exec(name) ?? [];
  if (pid === undefined || space !== spaceOfIds() || isAlive(Number(pid))) return false;
  // Where everybody may write, a name proves nothing.
  const found = await lstat(join(tmpdir(), name)).catch(() => undefined);
  return found?.isDirectory() === true && found.uid === process.getuid?.();
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH';
  }
}

/** Within what the id of a process names one process: the machine and, on Linux, its namespace of ids. */
const spaceOfIds = (): string =>
  createHash('sha256').update(`${hostname()} ${namespaceOfIds()}`).digest('hex').slice(0, 8);

function namespaceOfIds(): string {
  try {
    return readlinkSync('/proc/self/ns/pid');
  } catch {
    return '';
  }
}

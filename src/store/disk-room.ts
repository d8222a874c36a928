import { statfs } from 'node:fs/promises';
import { AndonError, fail } from '../lib/errors.ts';
import { faultOf } from '../lib/machine-fault.ts';

/** Bytes that may still be written on the disk of the folder; undefined when they cannot be told. */
export const roomBytes = (folder: string): Promise<number | undefined> =>
  statfs(folder).then(
    ({ bavail, bsize }) => bavail * bsize,
    () => undefined,
  );

/**
 * With less room than this, a failure without a reason counts as want of room: git's checkout does not name
 * the cause.
 */
const roomBytesMin = 1024 * 1024;

/** Codes that git's failures get without their cause: a ref that does not move may want room for its lock. */
const vague: ReadonlySet<string> = new Set(['git.failed', 'git.busy']);

/** Turns an error into `disk.full` when want of room in the folder caused it; returns any other error unchanged. */
export async function orDiskFull(error: unknown, folder: string): Promise<unknown> {
  if (error instanceof AndonError && !vague.has(error.code)) return error;
  const room = await roomBytes(folder);
  const isFull = faultOf(error) === 'disk.full' || (room !== undefined && room < roomBytesMin);
  return isFull ? fail('disk.full', folder, { found: `${room ?? 'no'} bytes left` }, error) : error;
}

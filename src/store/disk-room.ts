import { statfs } from 'node:fs/promises';
import { AndonError, fail } from '../lib/errors.ts';
import { faultOf } from '../lib/machine-fault.ts';

/** Bytes that may still be written where the folder lies; undefined where nobody can tell. */
export const roomBytes = (folder: string): Promise<number | undefined> =>
  statfs(folder).then(
    ({ bavail, bsize }) => bavail * bsize,
    () => undefined,
  );

/** With less than this, what fails without a reason fails for want of room: git's checkout does not say why. */
const roomBytesMin = 1024 * 1024;

/** The error as `disk.full` where want of room in the folder is what it comes from; otherwise as it is. */
export async function orDiskFull(error: unknown, folder: string): Promise<unknown> {
  if (error instanceof AndonError && error.code !== 'git.failed') return error;
  const room = await roomBytes(folder);
  const isFull = faultOf(error) === 'disk.full' || (room !== undefined && room < roomBytesMin);
  return isFull ? fail('disk.full', folder, { found: `${room ?? 'no'} bytes left` }, error) : error;
}

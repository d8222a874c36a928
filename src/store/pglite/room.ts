import { statfsSync } from 'node:fs';
import { fail } from '../../lib/errors.ts';

const mega = 1024 * 1024;

/**
 * Four segments of the write-ahead log. PGlite that cannot make its next one does not fail: it spins inside WebAssembly,
 * answers no call and hears no signal. So it writes nothing where there might be no room for one.
 */
const roomBytesMin = 64 * mega;

/** What writes, or may: locks of rows are written too. */
const writing = /\b(insert\s+into|update\s|delete\s+from|create\s|alter\s|drop\s)/i;

/** Throws `disk.full` when a database in the folder must not write. */
export function requireRoom(folder: string, subject = folder): void {
  const { bavail, bsize } = statfsSync(folder);
  const bytes = bavail * bsize;
  if (bytes >= roomBytesMin) return;
  const found = `${Math.floor(bytes / mega)} MB left`;
  throw fail('disk.full', subject, { found, limit: `at least ${roomBytesMin / mega} MB` });
}

/** Looks at the text of every statement before PGlite gets it, and throws `disk.full` for one that it must not get. */
export type RoomCheck = (text: string) => void;

/** The check for a database in a folder; two microseconds for a statement that writes. */
export const roomCheck =
  (folder: string): RoomCheck =>
  (text) => {
    // Whoever called hears of it, and is to see no folder.
    if (writing.test(text)) requireRoom(folder, 'the database');
  };

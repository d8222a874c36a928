import { statfsSync } from 'node:fs';
import { fail } from '../../lib/errors.ts';

const mega = 1024 * 1024;

/**
 * Four segments of the write-ahead log. A PGlite without room for its next segment does not fail: it spins
 * inside WebAssembly, answers no call and hears no signal. So it may write nothing when the room for one
 * might be missing.
 */
const roomBytesMin = 64 * mega;

/** Statements that write, or may: locks of rows are written too. */
const writing = /\b(insert\s+into|update\s|delete\s+from|create\s|alter\s|drop\s)/i;

/** Throws `disk.full` when a database in the folder must not write. */
export function requireRoom(folder: string, subject = folder): void {
  const { bavail, bsize } = statfsSync(folder);
  const bytes = bavail * bsize;
  if (bytes >= roomBytesMin) return;
  const found = `${Math.floor(bytes / mega)} MB left`;
  throw fail('disk.full', subject, { found, limit: `at least ${roomBytesMin / mega} MB` });
}

/**
 * Inspects the text of every statement before PGlite gets it, and throws `disk.full` for a statement that
 * PGlite must not get.
 */
export type RoomCheck = (text: string) => void;

/** The check for a database in a folder; two microseconds for a statement that writes. */
export const roomCheck =
  (folder: string): RoomCheck =>
  (text) => {
    // The error reaches the caller, who must not learn the folder.
    if (writing.test(text)) requireRoom(folder, 'the database');
  };

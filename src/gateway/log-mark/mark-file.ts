import { mkdir, readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { fail } from '../../lib/errors.ts';
import { type LogMark, logMarkSchema } from '../../store/log/mark.ts';
import { replaceFile } from '../../store/replace-file.ts';
import type { MarkPlace } from './places.ts';

/** A mark in a separate file: in the state folder, or at the operator's path. */
export const markFile = (path: string): MarkPlace => ({
  name: path,
  everyMs: 1_000,
  read: async () => parseMark(path, await readFile(path, 'utf8').catch(noneIfMissing)),
  write: (mark) => writeWhole(path, `${JSON.stringify(mark)}\n`),
});

const noneIfMissing = (error: NodeJS.ErrnoException): string => {
  if (error.code === 'ENOENT') return '';
  throw error;
};

/** The mark in a text; undefined for an empty one. Errors: `log.mark` for a text that is no mark. */
export function parseMark(place: string, text: string): LogMark | undefined {
  if (text.trim() === '') return undefined;
  try {
    return logMarkSchema.parse(JSON.parse(text));
  } catch (error) {
    throw fail('log.mark', place, { found: 'something else than a mark' }, error);
  }
}

/** Replaces the file whole or not at all, also when the power fails. */
async function writeWhole(path: string, text: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  await replaceFile(path, text, { mode: 0o600 });
}

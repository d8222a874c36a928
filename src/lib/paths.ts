import { limits } from './limits.ts';

const controlOrBackslash = /[\u0000-\u001f\u007f\\]/;

/**
 * The fault that keeps a path out of every tree, or undefined when `text` is an acceptable path. The
 * look-alikes of `.git` are those of git's own `is_hfs_dotgit` and `is_ntfs_dotgit`.
 */
export function pathFault(text: string): string | undefined {
  if (text === '') return 'empty';
  if (text.length > limits.pathBytesMax)
    return `too long: ${text.length} characters, at most ${limits.pathBytesMax}`;
  if (controlOrBackslash.test(text)) return 'control byte or backslash';
  if (text.includes('\ufffd') || !text.isWellFormed()) return 'invalid UTF-8';
  for (const segment of text.split('/')) {
    const fault = segmentFault(segment);
    if (fault !== undefined) return fault;
  }
  return undefined;
}

function segmentFault(segment: string): string | undefined {
  if (segment === '') return 'empty segment';
  if (segment === '.' || segment === '..') return 'dot segment';
  if (segment.length > limits.segmentBytesMax)
    return `a name of ${segment.length} characters, at most ${limits.segmentBytesMax}`;
  if (looksLikeDotGit(segment)) return '.git look-alike';
  return undefined;
}

// Code points that HFS+ ignores when it compares names (git: utf8.c, next_hfs_char).
const hfsIgnored = /[\u200c-\u200f\u202a-\u202e\u206a-\u206f\ufeff]/g;

const ascii = /^[\u0020-\u007e]*$/;

/** True for `.git` and every spelling that HFS+ or NTFS takes for it. */
export function looksLikeDotGit(segment: string): boolean {
  // Folding changes no ASCII letter but its case, which spares nearly every name the steps below.
  if (ascii.test(segment) && !/git/i.test(segment)) return false;
  const folded = segment.normalize('NFKC').replace(hfsIgnored, '').toLowerCase();
  // NTFS drops trailing dots and spaces, and reads the part after a colon as a stream name.
  const stem = (folded.split(':')[0] ?? '').replace(/[. ]+$/, '');
  return stem === '.git' || stem === 'git~1';
}

/** Maps a path to a key that two paths share when they are the same file on a case- or form-insensitive disk. */
export const twinKey = (path: string): string => path.normalize('NFC').toLowerCase().normalize('NFC');

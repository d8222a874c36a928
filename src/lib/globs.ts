import { fail } from './errors.ts';
import { limits } from './limits.ts';
import { looksLikeDotGit } from './paths.ts';

/**
 * A parsed glob. `segments` holds patterns of one segment each (literals, `?`, `*`) and `**`, which stands for
 * zero or more segments; a `**` that ends the text is held as `*`, `**`, because it stands for one or more.
 */
export interface Glob {
  readonly text: string;
  readonly segments: readonly string[];
}

/** Segments of any number, including none. */
export const anySegments = '**';

const faults: readonly (readonly [RegExp, string])[] = [
  [/[\u0000-\u001f\u007f]/, 'holds a control character'],
  [/\\/, 'holds a backslash; globs have no escapes, and `?` stands for any one character'],
  [/[{}]/, 'holds a brace; write one glob for each alternative, or `?` for a brace in a name'],
  [/[[\]]/, 'holds a bracket; there are no classes, and `?` stands for any one character'],
  [/^!/, 'starts with `!`; there is no negation, put what is denied into `x`'],
  [/^\//, 'starts with `/`; globs are relative to the root of the repository'],
  [/\/$/, 'ends with `/`; write `/**` for everything below a folder'],
];

/** The fault that makes `text` no glob, in words that tell how to write one; undefined for a glob. */
export function globFault(text: string): string | undefined {
  if (text === '') return 'is empty';
  return (usual.test(text) ? undefined : textFault(text)) ?? segmentsFault(text);
}

// The shape of nearly every glob; a text of this shape has no fault as a whole.
const usual = /^[A-Za-z0-9_.*?-](?:[A-Za-z0-9_./*?-]{0,254}[A-Za-z0-9_.*?-])?$/;

function textFault(text: string): string | undefined {
  if (byteLength(text) > limits.globBytesMax) return `is longer than ${limits.globBytesMax} bytes`;
  if (!text.isWellFormed() || text.includes('\ufffd')) return 'is not valid Unicode';
  for (const [pattern, words] of faults) if (pattern.test(text)) return words;
  return undefined;
}

function segmentsFault(text: string): string | undefined {
  for (const segment of text.split('/')) {
    const fault = segmentFault(segment);
    if (fault !== undefined) return fault;
  }
  return undefined;
}

function segmentFault(segment: string): string | undefined {
  if (segment === anySegments) return undefined;
  if (segment === '') return 'has an empty segment';
  if (segment === '.' || segment === '..') return 'has a dot segment; write the path itself';
  if (segment.includes('**'))
    return 'has `**` beside other characters; it is a whole segment, as in `src/**/*.ts`';
  if (looksLikeDotGit(segment)) return 'names .git, which no path of a repository does';
  return undefined;
}

// TextEncoder is no part of the language, and lib stays free of the platform.
function byteLength(text: string): number {
  let bytes = 0;
  for (const char of text) {
    const point = char.codePointAt(0) ?? 0;
    bytes += point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
  }
  return bytes;
}

/**
 * Parses a glob: literals, `?` (one character), `*` (any characters of a segment), `**` (a whole segment, standing
 * for any number of them; at the end for one or more, so that `a/**` excludes `a`).
 * Throws `scope.glob` with the fault in words.
 */
export function parseGlob(text: string): Glob {
  const fault = globFault(text);
  if (fault !== undefined) throw fail('scope.glob', text, { found: fault });
  const segments: string[] = [];
  for (const segment of text.split('/')) {
    if (segment !== anySegments || segments.at(-1) !== anySegments) segments.push(segment);
  }
  if (segments.at(-1) === anySegments) segments.splice(-1, 1, '*', anySegments);
  return { text, segments };
}

import { anySegments, type Glob, parseGlob } from './globs.ts';

/** True when the path is matched. Takes only paths in which `pathFault` finds nothing. */
export type PathMatcher = (path: string) => boolean;

/**
 * Compiles globs to one matcher: true when any of them matches. Linear in the path for the usual shapes (a literal,
 * a folder with everything below), and never worse than path length times glob length, whatever the pattern.
 * Throws `scope.glob` on text that is no glob.
 */
export function compileGlobs(texts: readonly string[]): PathMatcher {
  const exact = new Set<string>();
  const below: string[] = [];
  const general: Glob[] = [];
  for (const text of texts) {
    const glob = parseGlob(text);
    const wild = text.search(/[*?]/);
    if (wild < 0) exact.add(text);
    else if (wild === text.length - 2 && text.endsWith('**')) below.push(text.slice(0, -2));
    else general.push(glob);
  }
  return (path) => exact.has(path) || isBelow(below, path) || matchesAny(general, path);
}

/**
 * Compiles a scope: a path is in it when `w` matches and `x` does not. A path with an empty segment is in no
 * scope.
 */
export function compileScope(w: readonly string[], x: readonly string[]): PathMatcher {
  const allowed = compileGlobs(w);
  const denied = compileGlobs(x);
  return (path) => allowed(path) && !denied(path) && !hasEmptySegment(path);
}

const hasEmptySegment = (path: string): boolean =>
  path === '' || path.includes('//') || path.startsWith('/') || path.endsWith('/');

function isBelow(folders: readonly string[], path: string): boolean {
  for (const folder of folders) if (path.startsWith(folder)) return true;
  return false;
}

function matchesAny(globs: readonly Glob[], path: string): boolean {
  if (globs.length === 0) return false;
  const segments = path.split('/');
  for (const glob of globs) if (matchSegments(glob.segments, segments)) return true;
  return false;
}

// Going back to the last `**` alone is enough: segments between two of them are best matched as early as
// possible.
function matchSegments(glob: readonly string[], path: readonly string[]): boolean {
  let g = 0;
  let p = 0;
  let retryGlob = -1;
  let retryPath = 0;
  while (p < path.length) {
    const pattern = glob[g];
    if (pattern === anySegments) {
      retryGlob = ++g;
      retryPath = p;
    } else if (pattern !== undefined && matchSegment(pattern, path[p] ?? '')) {
      g++;
      p++;
    } else if (retryGlob < 0) {
      return false;
    } else {
      g = retryGlob;
      p = ++retryPath;
    }
  }
  while (glob[g] === anySegments) g++;
  return g === glob.length;
}

const star = 42;
const questionMark = 63;

// Matches one segment by the same method. `?` takes a whole code point, so that it means one character to a
// reader.
function matchSegment(pattern: string, text: string): boolean {
  if (pattern === text) return true;
  let g = 0;
  let p = 0;
  let retryGlob = -1;
  let retryText = 0;
  while (p < text.length) {
    // Beyond the end the code is NaN, which equals nothing.
    const code = pattern.charCodeAt(g);
    const width = code === questionMark ? widthAt(text, p) : Number(code === text.charCodeAt(p));
    if (code === star) {
      retryGlob = ++g;
      retryText = p;
    } else if (width > 0) {
      g++;
      p += width;
    } else if (retryGlob < 0) {
      return false;
    } else {
      g = retryGlob;
      p = ++retryText;
    }
  }
  while (pattern.charCodeAt(g) === star) g++;
  return g >= pattern.length;
}

const widthAt = (text: string, at: number): number => ((text.codePointAt(at) ?? 0) > 0xffff ? 2 : 1);

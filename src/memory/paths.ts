import { overlaps } from '../lib/glob-search.ts';

/** The folders that a glob is below of and its own beginning, for finding globs that may overlap. */
interface GlobPlace {
  /** The segments before the first wildcard. */
  readonly root: string;
  /** All folders from the top down to the root, which is the last. */
  readonly above: readonly string[];
}

/** The place of a glob or a path. */
function placeOf(glob: string): GlobPlace {
  const segments = glob.split('/');
  const wild = segments.findIndex((segment) => /[*?]/.test(segment));
  const fixed = wild === -1 ? segments : segments.slice(0, wild);
  const above = ['', ...fixed.map((_one, at) => fixed.slice(0, at + 1).join('/'))];
  return { root: above.at(-1) ?? '', above };
}

/** The places of several globs, each once. */
export function placesOf(globs: readonly string[]): { readonly roots: string[]; readonly above: string[] } {
  const places = globs.map(placeOf);
  return {
    roots: [...new Set(places.map(({ root }) => root))],
    above: [...new Set(places.flatMap(({ above }) => above))],
  };
}

/** True when some path is matched by a glob of each side. */
export const touches = (affects: readonly string[], globs: readonly string[]): boolean =>
  overlaps(affects, [], globs, []) !== undefined;

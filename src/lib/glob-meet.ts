import { fail } from './errors.ts';
import { escapes } from './glob-search.ts';
import { anySegments, parseGlob } from './globs.ts';
import { limits } from './limits.ts';

/**
 * Globs that match exactly the paths matched by a glob of `one` and by a glob of `other`. A glob that another
 * of them covers is left out. Throws `lattice.cost` when more than `limits.globsMax` globs would be needed.
 */
export function meetGlobs(one: readonly string[], other: readonly string[]): string[] {
  const found = new Set<string>();
  for (const a of one) {
    for (const b of other) {
      for (const segments of meetSegments(parseGlob(a).segments, parseGlob(b).segments)) {
        for (const text of render(segments)) found.add(text);
      }
      if (found.size > limits.globsMax * 4) throw costly(found.size);
    }
  }
  const kept = withoutCovered(merge(found));
  if (kept.length > limits.globsMax) throw costly(kept.length);
  return kept.sort();
}

const costly = (found: number) =>
  fail('lattice.cost', 'scope', { found: `${found} globs`, limit: `${limits.globsMax} globs` });

// `p/s` and `p/*/**/s` together are `p/**/s`.
const oneThenAny = /(^|\/)\*\/\*\*\//;

function merge(found: Set<string>): string[] {
  for (const text of found) {
    const joined = text.replace(oneThenAny, '$1**/');
    if (joined === text || !found.delete(text.replace(oneThenAny, '$1'))) continue;
    found.delete(text);
    found.add(joined);
  }
  return [...found];
}

function withoutCovered(globs: readonly string[]): string[] {
  const kept = new Set(globs);
  for (const glob of globs) {
    kept.delete(glob);
    if (![...kept].some((wider) => escapes([glob], [], [wider], []) === undefined)) kept.add(glob);
  }
  return [...kept];
}

type Sequence = readonly string[];
type Rest = (i: number, j: number) => readonly Sequence[];

/**
 * Intersects two sequences of which one element (`wild`) stands for any number of others. The wild element
 * that ends first leaves the elements after it to be matched by the other sequence from there on.
 */
function intersect(
  a: Sequence,
  b: Sequence,
  wild: string,
  both: (x: string, y: string) => Sequence,
): readonly Sequence[] {
  const memo = new Map<number, readonly Sequence[]>();
  const after: Rest = (i, j) => {
    const key = i * (b.length + 1) + j;
    const known = memo.get(key);
    if (known !== undefined) return known;
    const fresh = distinct(solve(i, j));
    if (fresh.length > limits.globsMax * 4) throw costly(fresh.length);
    memo.set(key, fresh);
    return fresh;
  };
  const solve: Rest = (i, j) => {
    const x = a[i];
    const y = b[j];
    if (x === wild && y === wild) return prefixed([wild], [...after(i + 1, j), ...after(i, j + 1)]);
    if (x === wild) return [...after(i + 1, j), ...taking(one(y), () => after(i, j + 1))];
    if (y === wild) return [...after(i, j + 1), ...taking(one(x), () => after(i + 1, j))];
    if (x === undefined || y === undefined) return x === y ? [[]] : [];
    return taking(both(x, y), () => after(i + 1, j + 1));
  };
  return after(0, 0);
}

const one = (head: string | undefined): Sequence => (head === undefined ? [] : [head]);

// Computes the tails only when a head leads to them: this bounds the work.
const taking = (heads: Sequence, tails: () => readonly Sequence[]): Sequence[] =>
  heads.length === 0 ? [] : prefixed(heads, tails());

const prefixed = (heads: readonly string[], tails: readonly Sequence[]): Sequence[] =>
  heads.flatMap((head) => tails.map((tail) => [head, ...tail]));

function distinct(sequences: readonly Sequence[]): readonly Sequence[] {
  const byText = new Map<string, Sequence>();
  for (const sequence of sequences) byText.set(sequence.join('/'), sequence);
  return [...byText.values()];
}

const meetSegments = (a: Sequence, b: Sequence): readonly Sequence[] =>
  intersect(a, b, anySegments, meetSegment);

function meetSegment(a: string, b: string): readonly string[] {
  if (a === b || b === '*') return [a];
  if (a === '*') return [b];
  const met = intersect([...a], [...b], '*', meetCharacter).map((chars) =>
    chars.join('').replace(/\*+/g, '*'),
  );
  return [...new Set(met)].filter((text) => text !== '');
}

function meetCharacter(a: string, b: string): readonly string[] {
  if (a === b || b === '?') return [a];
  return a === '?' ? [b] : [];
}

// At the end of a text `**` stands for one segment or more, while in a sequence it stands for any number.
function render(segments: Sequence): string[] {
  const merged = segments.filter((segment, i) => segment !== anySegments || segments[i - 1] !== anySegments);
  if (merged.at(-1) !== anySegments) return merged.length === 0 ? [] : [merged.join('/')];
  const body = merged.slice(0, -1);
  if (body.at(-1) === '*') return [[...body.slice(0, -1), anySegments].join('/')];
  const below = [...body, anySegments].join('/');
  return body.length === 0 ? [below] : [body.join('/'), below];
}

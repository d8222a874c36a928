import { anySegments, type Glob, parseGlob } from './globs.ts';

const slash = 47;

/**
 * Kinds of positions, by the input that they wait for. `segments` and `inside` together are `**` followed by
 * `/`; `tail` and `rest` are a `**` at the end, where `rest` accepts every continuation. The numbers are
 * indices of `moves`.
 */
const kinds = { literal: 0, one: 1, many: 2, segments: 3, inside: 4, tail: 5, rest: 6, end: 7 } as const;

/** Positions of several groups of globs, numbered through. A state of the automaton is a sorted list of them. */
export interface Nfa {
  readonly kind: readonly number[];
  readonly literal: readonly number[];
  readonly group: readonly number[];
  readonly start: readonly number[];
}

/** Group masks of a state: bit g is set when group g accepts here, can still accept, or accepts every continuation. */
export interface Masks {
  readonly accepts: number;
  readonly alive: number;
  readonly full: number;
}

/** Builds one automaton over several groups of globs; throws `scope.glob` on text that is no glob. */
export function buildNfa(groups: readonly (readonly string[])[]): Nfa {
  const kind: number[] = [];
  const literal: number[] = [];
  const group: number[] = [];
  const heads: number[] = [];
  groups.forEach((globs, index) => {
    for (const text of globs) {
      heads.push(kind.length);
      for (const [what, point] of positions(parseGlob(text))) {
        kind.push(what);
        literal.push(point);
        group.push(index);
      }
    }
  });
  const open: Nfa = { kind, literal, group, start: [] };
  return { ...open, start: settle(open, heads) };
}

function positions(glob: Glob): [kind: number, point: number][] {
  const found: [number, number][] = [];
  // A final `**` is held as `*`, `**`; both together are the pair `tail`, `rest`.
  const endless = glob.segments.at(-1) === anySegments;
  const body = endless ? glob.segments.slice(0, -2) : glob.segments;
  body.forEach((segment, index) => {
    if (segment === anySegments) {
      found.push([kinds.segments, 0], [kinds.inside, 0]);
      return;
    }
    for (const char of segment) found.push(position(char));
    if (endless || index < body.length - 1) found.push([kinds.literal, slash]);
  });
  return endless ? [...found, [kinds.tail, 0], [kinds.rest, 0]] : [...found, [kinds.end, 0]];
}

function position(char: string): [number, number] {
  if (char === '*') return [kinds.many, 0];
  if (char === '?') return [kinds.one, 0];
  return [kinds.literal, char.codePointAt(0) ?? 0];
}

/** The state after one more character, given as a code point. */
export function step(nfa: Nfa, state: readonly number[], point: number): readonly number[] {
  const next: number[] = [];
  for (const at of state) {
    const to = successor(nfa, at, point);
    if (to >= 0) next.push(to);
  }
  return settle(nfa, next);
}

type NfaMove = (at: number, point: number, literal: number | undefined) => number;

/** The next position on a character, by kind of position; -1 is nowhere. */
const moves: readonly NfaMove[] = [
  (at, point, literal) => (literal === point ? at + 1 : -1),
  (at, point) => (point === slash ? -1 : at + 1),
  (at, point) => (point === slash ? -1 : at),
  (at, point) => (point === slash ? -1 : at + 1),
  (at, point) => (point === slash ? at - 1 : at),
  (at) => at + 1,
  (at) => at,
  () => -1,
];

const successor = (nfa: Nfa, at: number, point: number): number =>
  moves[nfa.kind[at] ?? kinds.end]?.(at, point, nfa.literal[at]) ?? -1;

// Follows the moves that take no character, sorts, and drops the positions that a group which accepts
// everything has no more use for: kept, the states of `**` beside other globs would multiply.
function settle(nfa: Nfa, from: readonly number[]): readonly number[] {
  const seen = new Set<number>();
  let full = 0;
  for (const first of from) {
    let at = first;
    while (at >= 0 && !seen.has(at)) {
      seen.add(at);
      if (nfa.kind[at] === kinds.rest) full |= bit(nfa, at);
      at = silent(nfa, at);
    }
  }
  const kept = [...seen].filter((at) => (full & bit(nfa, at)) === 0 || nfa.kind[at] === kinds.rest);
  return kept.sort((a, b) => a - b);
}

function silent(nfa: Nfa, at: number): number {
  if (nfa.kind[at] === kinds.many) return at + 1;
  return nfa.kind[at] === kinds.segments ? at + 2 : -1;
}

const bit = (nfa: Nfa, at: number): number => 1 << (nfa.group[at] ?? 0);

/** The masks of a state: the groups that accept here, that can still accept, and that accept every continuation. */
export function masks(nfa: Nfa, state: readonly number[]): Masks {
  let accepts = 0;
  let alive = 0;
  let full = 0;
  for (const at of state) {
    const kind = nfa.kind[at];
    alive |= bit(nfa, at);
    if (kind === kinds.end) accepts |= bit(nfa, at);
    if (kind === kinds.rest) {
      accepts |= bit(nfa, at);
      full |= bit(nfa, at);
    }
  }
  return { accepts, alive, full };
}

/** The characters that this state tells apart, as code points; all others but `/` are alike to it. */
export function literalsOf(nfa: Nfa, state: readonly number[]): readonly number[] {
  const found = new Set<number>();
  for (const at of state) if (nfa.kind[at] === kinds.literal) found.add(nfa.literal[at] ?? 0);
  return [...found].filter((point) => point !== slash).sort((a, b) => a - b);
}

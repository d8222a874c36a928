import type { Code } from '../lib/codes/index.ts';
import { type Reason, type ReasonDetail, reason } from '../lib/decision.ts';
import type { Unit } from './measure/unit.ts';

/** The units of each file of one change, by path. A renamed file has its new path on both sides. */
export type UnitsByPath = ReadonlyMap<string, readonly Unit[]>;

/** Ceilings on the functions that the bearer of a grant may add or make worse. */
export interface CodeLimits {
  readonly complexity: number;
  readonly lines: number;
}

/** A reason of a code policy; `at` holds the parts of its subject: file, line, name. */
export interface SourceReason extends Reason {
  readonly at: { readonly path: string; readonly line?: number; readonly unit?: string };
}

/** A reason whose subject reads `src/cart/add.ts:41 addItem`. */
export function sourceReason(code: Code, at: SourceReason['at'], detail: ReasonDetail = {}): SourceReason {
  const line = at.line === undefined ? '' : `:${at.line}`;
  const unit = at.unit === undefined ? '' : ` ${at.unit}`;
  return { ...reason(code, `${at.path}${line}${unit}`, detail), at };
}

/** A unit of a file. */
export interface LocatedUnit {
  readonly path: string;
  readonly unit: Unit;
}

/** Every unit with its file. */
export const located = (units: UnitsByPath): LocatedUnit[] =>
  [...units].flatMap(([path, list]) => list.map((unit) => ({ path, unit })));

/** A function that pairs units after a change with units before it, by a key that both share; each once. */
export type PairedUnits = Map<LocatedUnit, LocatedUnit>;

/**
 * Pairs units that are unaltered: same kind, name and `digest`. An old unit pairs with one new unit only, so that
 * a copy counts as added; one in the same file is preferred, so that the copy is named and not the original; one
 * in another file of the change pairs too, so that moving is not altering. Longest units are paired first.
 */
export function unaltered(
  found: readonly LocatedUnit[],
  bases: readonly LocatedUnit[],
  digest: 'hash' | 'wholeHash',
): PairedUnits {
  const key = (unit: Unit): string => `${unit.kind}\u0000${unit.name}\u0000${unit[digest]}`;
  const wanted = new Set(found.map(({ unit }) => key(unit)));
  const same = bases.filter(({ unit }) => wanted.has(key(unit)));
  const byLines = (unit: Unit): number => unit.lines;
  const here = pair(found, same, ({ path, unit }) => `${path}\u0000${key(unit)}`, byLines);
  const used = new Set(here.values());
  const there = pair(
    found.filter((one) => !here.has(one)),
    same.filter((one) => !used.has(one)),
    ({ unit }) => key(unit),
    byLines,
  );
  return new Map([...here, ...there]);
}

/**
 * Pairs units with those of equal keys, the largest with the largest: of several units of one key none can take
 * the place of a larger one that another has taken.
 */
export function pair(
  found: readonly LocatedUnit[],
  bases: readonly LocatedUnit[],
  key: (one: LocatedUnit) => string,
  size: (unit: Unit) => number,
): PairedUnits {
  const largestFirst = (list: readonly LocatedUnit[]): LocatedUnit[] =>
    list.toSorted((one, other) => size(other.unit) - size(one.unit));
  const stock = new Map<string, LocatedUnit[]>();
  for (const base of largestFirst(bases)) {
    const list = stock.get(key(base));
    if (list === undefined) stock.set(key(base), [base]);
    else list.push(base);
  }
  for (const list of stock.values()) list.reverse();
  const pairs: PairedUnits = new Map();
  for (const one of largestFirst(found)) {
    const base = stock.get(key(one))?.pop();
    if (base !== undefined) pairs.set(one, base);
  }
  return pairs;
}

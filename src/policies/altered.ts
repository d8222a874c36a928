import type { Code } from '../lib/codes/index.ts';
import { type Reason, type ReasonDetail, reason } from '../lib/decision.ts';
import type { Unit } from './measure/unit.ts';

/** The units of each file of one change, by path. */
export type UnitsByPath = ReadonlyMap<string, readonly Unit[]>;

/** Ceilings on the functions that the bearer of a grant may add or alter. */
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

/** A unit after the change, with the equal unit before it, if one is left for pairing. */
export interface Offender {
  readonly path: string;
  readonly unit: Unit;
  readonly base: Unit | undefined;
}

interface LocatedUnit {
  readonly path: string;
  readonly unit: Unit;
}

/**
 * Every unit after the change that `offends`, paired with an equal one from before the change: same kind,
 * name and `digest`. An old unit pairs with one new unit only, so that a copy counts as added; one in the
 * same file is preferred, so that the copy is named and not the original; one in another file of the change
 * pairs too, so that moving is not altering. Longest units are paired first.
 */
export function offenders(
  before: UnitsByPath,
  after: UnitsByPath,
  digest: 'hash' | 'wholeHash',
  offends: (unit: Unit) => boolean,
): Offender[] {
  const key = (unit: Unit): string => `${unit.kind}\u0000${unit.name}\u0000${unit[digest]}`;
  const found = located(after).filter(({ unit }) => offends(unit));
  if (found.length === 0) return [];
  const wanted = new Set(found.map(({ unit }) => key(unit)));
  const bases = located(before).filter(({ unit }) => wanted.has(key(unit)));
  const here = pair(found, bases, ({ path, unit }) => `${path}\u0000${key(unit)}`);
  const used = new Set(here.values());
  const single = found.filter((one) => !here.has(one));
  const spare = bases.filter((one) => !used.has(one));
  const there = pair(single, spare, ({ unit }) => key(unit));
  return found.map((one) => ({ ...one, base: (here.get(one) ?? there.get(one))?.unit }));
}

const located = (units: UnitsByPath): LocatedUnit[] =>
  [...units].flatMap(([path, list]) => list.map((unit) => ({ path, unit })));

function pair(
  found: readonly LocatedUnit[],
  bases: readonly LocatedUnit[],
  key: (one: LocatedUnit) => string,
) {
  const stock = new Map<string, LocatedUnit[]>();
  for (const base of longestFirst(bases)) {
    const list = stock.get(key(base));
    if (list === undefined) stock.set(key(base), [base]);
    else list.push(base);
  }
  for (const list of stock.values()) list.reverse();
  const pairs = new Map<LocatedUnit, LocatedUnit>();
  for (const one of longestFirst(found)) {
    const base = stock.get(key(one))?.pop();
    if (base !== undefined) pairs.set(one, base);
  }
  return pairs;
}

const longestFirst = (list: readonly LocatedUnit[]): LocatedUnit[] =>
  list.toSorted((one, other) => other.unit.lines - one.unit.lines);

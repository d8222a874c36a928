import { type LocatedUnit, located, pair, type UnitsByPath, unaltered } from './altered.ts';
import type { Unit } from './measure/unit.ts';

/** A number of units that a limit holds. */
export interface HeldNumber {
  /** Units that are equal in this digest are unaltered as far as the number goes. */
  readonly digest: 'hash' | 'wholeHash';
  readonly value: (unit: Unit) => number;
  /** The limit for a unit, undefined for one without. */
  readonly limit: (path: string, unit: Unit) => number | undefined;
}

/** A unit above its limit, whose number the change brought or raised. */
export interface Grown extends LocatedUnit {
  readonly found: number;
  readonly limit: number;
  /** The number before the change; absent for a unit that is new. */
  readonly before?: number;
}

/**
 * The units that a change takes above their limit, or further above it. A unit is the same as before by path and
 * qualified name; of several of one name the k-th largest number is held against the k-th largest before. Unaltered
 * units pass wherever they moved, unless layout alone took them over the limit. A unit that is new by name is held
 * by the limit alone.
 */
export function grown(before: UnitsByPath, after: UnitsByPath, held: HeldNumber): Grown[] {
  const over = located(after).flatMap((one) => {
    const limit = held.limit(one.path, one.unit);
    const found = held.value(one.unit);
    return limit === undefined || found <= limit ? [] : [{ ...one, found, limit }];
  });
  if (over.length === 0) return [];
  const bases = located(before);
  const same = unaltered(over, bases, held.digest);
  const used = new Set(same.values());
  const altered = pair(
    over.filter((one) => !same.has(one)),
    bases.filter((one) => !used.has(one)),
    nameKey,
    held.value,
  );
  return over.flatMap((one) => {
    const unmoved = same.get(one)?.unit;
    const base = unmoved ?? altered.get(one)?.unit;
    if (base === undefined) return [one];
    const was = held.value(base);
    // Comments and layout alter nothing, but may not take a unit over its limit.
    return one.found <= was || (unmoved !== undefined && was > one.limit) ? [] : [{ ...one, before: was }];
  });
}

/** A module is no function that merely bears its name. */
const nameKey = ({ path, unit }: LocatedUnit): string =>
  `${path}\u0000${unit.kind === 'module' ? 'module' : 'function'}\u0000${unit.qualified}`;

/** A unit that a change adds or alters, beside the limit that it was held to. */
export interface HeldUnit extends LocatedUnit {
  readonly found: number;
  readonly limit: number;
}

/** Of the units that a change adds or alters, the one that comes nearest to its limit, or exceeds it most. */
export function nearest(before: UnitsByPath, after: UnitsByPath, held: HeldNumber): HeldUnit | undefined {
  const found = located(after);
  const same = unaltered(found, located(before), held.digest);
  let most: HeldUnit | undefined;
  for (const one of found) {
    const limit = same.has(one) ? undefined : held.limit(one.path, one.unit);
    if (limit === undefined) continue;
    const value = held.value(one.unit);
    if (most === undefined || value / limit > most.found / most.limit) most = { ...one, found: value, limit };
  }
  return most;
}

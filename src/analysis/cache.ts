import { createHash } from 'node:crypto';
import type { SourceKind } from '../policies/measure/source-kind.ts';
import type { Measure } from '../policies/measure/unit.ts';

/** Measures by content: the same bytes of the same kind are parsed once. Bounded by units, the least recently used go. */
export interface MeasureCache {
  get(key: string): Measure | undefined;
  set(key: string, measure: Measure): void;
}

export const cacheKey = (kind: SourceKind | 'unnamed', bytes: Uint8Array): string =>
  `${kind}:${createHash('sha256').update(bytes).digest('base64')}`;

export function createMeasureCache(unitsMax: number): MeasureCache {
  const entries = new Map<string, Measure>();
  let units = 0;
  const forget = (key: string): void => {
    const old = entries.get(key);
    if (old === undefined) return;
    entries.delete(key);
    units -= weight(old);
  };
  return {
    get(key) {
      const found = entries.get(key);
      if (found === undefined) return undefined;
      entries.delete(key);
      entries.set(key, found);
      return found;
    },
    set(key, measure) {
      forget(key);
      entries.set(key, measure);
      units += weight(measure);
      for (const oldest of entries.keys()) {
        if (units <= unitsMax) break;
        forget(oldest);
      }
    },
  };
}

// A file without a unit or with a refusal takes room too.
const weight = (measure: Measure): number => ('units' in measure ? measure.units.length : 0) + 1;

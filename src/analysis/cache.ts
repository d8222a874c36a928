import { createHash } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import type { SourceKind } from '../policies/measure/source-kind.ts';
import type { Measure } from '../policies/measure/unit.ts';

/**
 * Measures by content: the same bytes of the same kind are parsed once. Bounded by units; the least recently
 * used entries go first.
 */
export type MeasureCache = Pick<LRUCache<string, Measure>, 'get' | 'set'>;

/** Key of a measure: the kind of source and the SHA-256 of its bytes. */
export const cacheKey = (kind: SourceKind | 'unnamed', bytes: Uint8Array): string =>
  `${kind}:${createHash('sha256').update(bytes).digest('base64')}`;

/** Creates a cache of at most `unitsMax` units in all. */
export const createMeasureCache = (unitsMax: number): MeasureCache =>
  new LRUCache<string, Measure>({ maxSize: unitsMax, sizeCalculation: weight });

// A file without a unit or with a refusal takes room too.
const weight = (measure: Measure): number => ('units' in measure ? measure.units.length : 0) + 1;

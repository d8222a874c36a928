import { LRUCache } from 'lru-cache';
import type { Oid } from '../../policies/facts.ts';
import type { TreeEntry } from './tree.ts';

/** Parsed trees by object id. */
export type TreeCache = Pick<LRUCache<Oid, readonly TreeEntry[]>, 'get' | 'set'>;

/** Keeps the trees read last, up to a number of entries in all (an entry is about 150 bytes). */
export const createTreeCache = (entriesMax = 200_000): TreeCache =>
  new LRUCache<Oid, readonly TreeEntry[]>({
    maxSize: entriesMax,
    sizeCalculation: ({ length }) => length + 1,
  });

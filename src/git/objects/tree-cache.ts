import type { Oid } from '../../policies/facts.ts';
import type { TreeEntry } from './tree.ts';

export interface TreeCache {
  get(oid: Oid): readonly TreeEntry[] | undefined;
  set(oid: Oid, entries: readonly TreeEntry[]): void;
}

/** Keeps the trees read last, up to a number of entries in all (an entry is about 150 bytes). */
export function createTreeCache(entriesMax = 200_000): TreeCache {
  const trees = new Map<Oid, readonly TreeEntry[]>();
  let held = 0;
  return {
    get(oid) {
      const entries = trees.get(oid);
      if (entries === undefined) return undefined;
      // A Map remembers the order of insertion: the first one is the one used longest ago.
      trees.delete(oid);
      trees.set(oid, entries);
      return entries;
    },
    set(oid, entries) {
      // Readers that met the same tree at the same time bring it twice.
      if (trees.has(oid) || entries.length > entriesMax) return;
      trees.set(oid, entries);
      held += entries.length + 1;
      for (const [oldest, dropped] of trees) {
        if (held <= entriesMax) break;
        trees.delete(oldest);
        held -= dropped.length + 1;
      }
    },
  };
}

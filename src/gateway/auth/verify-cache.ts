import { hash } from 'node:crypto';
import type { VerifiedToken } from '../../tiers/capability.ts';

/** Verified grants by the SHA-256 of their token, the least recently used one leaving first. Holds no token. */
export interface VerifyCache {
  get(id: string): VerifiedToken | undefined;
  set(id: string, grant: VerifiedToken): void;
  delete(id: string): void;
  readonly size: number;
}

/** The key of a token in the cache. */
export const tokenDigest = (token: string): string => hash('sha256', token, 'base64url');

/** Makes a cache of at most `entriesMax` grants. What it returns was valid once: expiry and revocation are the caller's. */
export function createVerifyCache(entriesMax: number): VerifyCache {
  const grants = new Map<string, VerifiedToken>();
  // Moving an entry to the end at each hit costs more than all else here, so the youngest half is left in place.
  const older = new Map<string, VerifiedToken>();
  const half = Math.max(1, Math.floor(entriesMax / 2));

  const set = (id: string, grant: VerifiedToken): void => {
    grants.set(id, grant);
    older.delete(id);
    if (grants.size < half) return;
    older.clear();
    for (const [key, value] of grants) older.set(key, value);
    grants.clear();
  };

  return {
    get(id) {
      const recent = grants.get(id);
      if (recent !== undefined) return recent;
      const old = older.get(id);
      if (old !== undefined) set(id, old);
      return old;
    },
    set,
    delete(id) {
      grants.delete(id);
      older.delete(id);
    },
    get size() {
      return grants.size + older.size;
    },
  };
}

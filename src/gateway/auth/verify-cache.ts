import { hash } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import type { Grant } from '../../tiers/capability.ts';

/** Verified grants by the SHA-256 of their token, the least recently used one leaving first. Holds no token. */
export type VerifyCache = Pick<LRUCache<string, Grant>, 'get' | 'set' | 'delete' | 'size'>;

/** The key of a token in the cache. */
export const tokenDigest = (token: string): string => hash('sha256', token, 'base64url');

/** Makes a cache of at most `entriesMax` grants. What it returns was valid once: expiry and revocation are the caller's. */
export const createVerifyCache = (entriesMax: number): VerifyCache =>
  new LRUCache<string, Grant>({ max: entriesMax });

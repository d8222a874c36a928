import { hash } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import type { VerifiedToken } from '../../tiers/capability.ts';

/** Verified tokens by their SHA-256, the least recently used one leaving first. Holds no token as text. */
export type VerifyCache = Pick<LRUCache<string, VerifiedToken>, 'get' | 'set' | 'delete' | 'size'>;

/** The key of a token in the cache. */
export const tokenDigest = (token: string): string => hash('sha256', token, 'base64url');

/**
 * Makes a cache of at most `entriesMax` grants. A cached grant was valid once: the caller checks expiry and
 * revocation.
 */
export const createVerifyCache = (entriesMax: number): VerifyCache =>
  new LRUCache<string, VerifiedToken>({ max: entriesMax });

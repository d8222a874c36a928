import { describe, expect, it } from 'vitest';
import { createVerifyCache, tokenDigest } from '../../../src/gateway/auth/verify-cache.ts';
import { fullCapability, grantOf } from '../../support/capabilities.ts';

const grant = grantOf(fullCapability('validator'));

describe('the cache of verified tokens', () => {
  it('never holds more than its bound', () => {
    const cache = createVerifyCache(100);
    for (let i = 0; i < 1_000; i++) {
      cache.set(`${i}`, grant);
      expect(cache.size).toBeLessThanOrEqual(100);
    }
    expect(cache.get('999')).toBe(grant);
    expect(cache.get('0')).toBeUndefined();
  });

  it('keeps what is used, whatever comes and goes beside it', () => {
    const cache = createVerifyCache(100);
    cache.set('kept', grant);
    for (let i = 0; i < 1_000; i++) {
      cache.set(`${i}`, grant);
      expect(cache.get('kept')).toBe(grant);
    }
  });

  it('forgets what is deleted', () => {
    const cache = createVerifyCache(4);
    for (const id of ['a', 'b', 'c']) cache.set(id, grant);
    for (const id of ['a', 'b', 'c']) cache.delete(id);
    expect([cache.size, cache.get('a'), cache.get('c')]).toEqual([0, undefined, undefined]);
  });

  it('knows a token by its SHA-256, not by its text', () => {
    expect(tokenDigest('abc')).toBe('ungWv48Bz-pBQUDeXa4iI7ADYaOWF3qctBD_YfIAFa0');
  });
});

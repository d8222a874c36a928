import { describe, expect, it } from 'vitest';
import { scopePolicy } from '../../src/policies/scope.ts';
import { fullCapability } from '../support/capabilities.ts';

const cap = fullCapability('implementer', { w: ['src/**'], x: ['src/secret/**'] });

describe('the scope policy', () => {
  it('allows paths inside the scope of grant and task', () => {
    expect(scopePolicy({ cap, paths: ['src/cart/a.ts'], taskWrite: ['src/cart/**'] })).toEqual([]);
    expect(scopePolicy({ cap, paths: ['src/größe.ts'] })).toEqual([]);
  });

  it('names each path outside, and which of the two bounds it broke', () => {
    const found = scopePolicy({
      cap,
      paths: ['src/secret/k', 'src/pay/a.ts', 'src/cart/a.ts'],
      taskWrite: ['src/cart/**'],
    });
    expect(found).toMatchObject([
      {
        code: 'scope.write',
        subject: 'src/secret/k',
        found: 'outside the grant',
        limit: 'src/** except src/secret/**',
      },
      { code: 'scope.write', subject: 'src/pay/a.ts', found: 'outside the task', limit: 'src/cart/**' },
    ]);
  });

  it('counts what is beyond fifty', () => {
    const paths = Array.from({ length: 60 }, (_, i) => `doc/${i}`);
    const found = scopePolicy({ cap, paths });
    expect([found.length, found.at(-1)?.subject]).toEqual([51, '10 more paths']);
  });
});

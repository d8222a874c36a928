import { describe, expect, it } from 'vitest';
import { deletionPolicy } from '../../src/policies/deletion.ts';

const facts = { tier: 'implementer', deleted: ['src/a.ts'], addedByTask: new Set<string>() } as const;

describe('the deletion policy', () => {
  it('refuses a deletion by an agent', () => {
    expect(deletionPolicy(facts)).toMatchObject([
      { code: 'scope.delete', subject: 'src/a.ts', found: 'implementer' },
    ]);
  });

  it('lets an agent take back what the same task added', () => {
    expect(deletionPolicy({ ...facts, addedByTask: new Set(['src/a.ts']) })).toEqual([]);
  });

  it('lets people delete', () => {
    expect(deletionPolicy({ ...facts, tier: 'human' })).toEqual([]);
  });

  it('counts what is beyond fifty', () => {
    const found = deletionPolicy({ ...facts, deleted: Array.from({ length: 53 }, (_, i) => `${i}`) });
    expect([found.length, found.at(-1)?.subject]).toEqual([51, '3 more paths']);
  });
});

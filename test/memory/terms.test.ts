import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { termsOf } from '../../src/memory/terms.ts';
import { runs } from '../support/seed.ts';

describe('the terms of a text', () => {
  it('are its words without endings, and the parts of names', () => {
    expect(termsOf('Decisions decided; deciding. claimTask HTTP2 user_id')).toEqual(
      expect.arrayContaining(['decision', 'decid', 'claimtask', 'claim', 'task', 'http', '2', 'user', 'id']),
    );
    for (const [one, other] of [
      ['migrations', 'migration'],
      ['retries', 'retry'],
      ['classes', 'class'],
      ['stopped', 'stopping'],
      ['queued', 'queues'],
    ] as const)
      expect(termsOf(one), one).toEqual(termsOf(other));
  });

  it('leave out words that every text has, unless there are no others', () => {
    expect(termsOf('what is the cache')).toEqual(['cach']);
    expect(termsOf('what is the')).toEqual(['what', 'is', 'the']);
  });

  it('are pairs of characters where a script has no spaces', () => {
    expect(termsOf('数据库迁移')).toEqual(['数据', '据库', '库迁', '迁移']);
    expect(termsOf('Ärger mit Größe')).toEqual(expect.arrayContaining(['größ']));
  });

  it('hold no sign that a query could steer with, and end for any text', () => {
    const check = (text: string) => {
      for (const term of termsOf(text)) {
        expect(term).toMatch(/^[\p{L}\p{M}\p{N}]+$/u);
        expect(term.length).toBeLessThanOrEqual(80);
      }
    };
    fc.assert(fc.property(fc.string({ unit: 'binary', maxLength: 300 }), check), runs(500));
    check(`${'a'.repeat(1_000_000)} "x" & | ! :* ' -- <-> NEAR( `);
  });
});

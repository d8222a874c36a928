import { describe, expect, it } from 'vitest';
import { codeRules, plainRules } from '../../src/policies/code-rules.ts';

const base = { complexity: 8, lines: 60 };
const nowMs = Date.parse('2026-12-01T08:00:00Z');
const settings = {
  tests: ['test/**'],
  limits: [
    { paths: ['old/**'], complexity: 20, functionLines: 200 },
    { paths: ['old/core/**'], complexity: 4 },
    { paths: ['strict/**'], complexity: 3 },
  ],
  exceptions: [
    { path: 'a.ts', function: 'A.b', rule: 'complexity', limit: 30, until: '2026-12-01', reason: 'r' },
    { path: 'old/*.ts', rule: 'function.length', limit: 300, until: '2026-12-02', reason: 'r' },
    { path: 'past.ts', rule: 'source.opaque', until: '2026-11-30', reason: 'r' },
    { path: 'eval.ts', rule: 'source.opaque', until: '2026-12-01', reason: 'r' },
  ],
} as const;
const under = (grant?: { complexity: number; lines: number }) => codeRules({ base, settings, grant, nowMs });

describe('the rules of a plan', () => {
  it('takes the last row that fits, member by member', () => {
    const { limitsOf } = under();
    expect(limitsOf('src/a.ts', 'f')).toEqual(base);
    expect(limitsOf('old/a/b.ts', 'f')).toEqual({ complexity: 20, lines: 200 });
    expect(limitsOf('old/core/b.ts', 'f')).toEqual({ complexity: 4, lines: 200 });
  });

  it('holds a row for the languages that it names, by the ends of names', () => {
    const limits = [
      { languages: ['go', 'javascript'], complexity: 10 },
      { languages: ['c'], paths: ['lib/**'], complexity: 12 },
    ] as const;
    const { limitsOf } = codeRules({ base, settings: { limits }, nowMs });
    const found = [
      'a.go',
      'A.GO',
      'a.mjs',
      'a.jsx',
      'a.ts',
      'a.d.ts',
      'a.py',
      'lib/a.hpp',
      'a.c',
      'tool',
      'go',
    ];
    expect(found.map((path) => limitsOf(path, 'f').complexity)).toEqual([
      10, 10, 10, 10, 8, 8, 8, 12, 8, 8, 8,
    ]);
  });

  it('lets a narrower grant narrow every rule, and a wider one widen it', () => {
    const narrow = under({ complexity: 5, lines: 60 }).limitsOf;
    expect(narrow('old/a/b.ts', 'f')).toEqual({ complexity: 5, lines: 200 });
    expect(narrow('strict/b.ts', 'f')).toEqual({ complexity: 3, lines: 60 });
    const wide = under({ complexity: 1_000, lines: 20_000 }).limitsOf;
    expect(wide('strict/b.ts', 'f')).toEqual({ complexity: 1_000, lines: 20_000 });
  });

  it('raises the limit of the function and of the rule that an exception names, to the end of its last day', () => {
    const { limitsOf } = under();
    expect(limitsOf('a.ts', 'A.b')).toEqual({ complexity: 30, lines: 60 });
    expect(limitsOf('a.ts', 'A.c')).toEqual(base);
    expect(limitsOf('old/x.ts', 'f')).toEqual({ complexity: 20, lines: 300 });
    const at = (text: string) =>
      codeRules({ base, settings, nowMs: Date.parse(text) }).limitsOf('a.ts', 'A.b');
    expect(at('2026-12-01T23:59:59.999Z').complexity).toBe(30);
    expect(at('2026-12-02T00:00:00Z').complexity).toBe(8);
  });

  it('excuses a finding without a number, until its day, and never one with a number', () => {
    const { excuses } = under();
    expect(excuses('source.opaque', 'eval.ts', 'f')).toBe(true);
    expect(excuses('source.opaque', 'past.ts', 'f')).toBe(false);
    expect(excuses('source.syntax', 'eval.ts', undefined)).toBe(false);
    expect(excuses('complexity', 'a.ts', 'A.b')).toBe(false);
  });

  it('knows test code by the globs of the plan, else by names that mean tests', () => {
    expect(['test/a.ts', 'src/a.test.ts'].map(under().isTest)).toEqual([true, false]);
    const names = [
      'a/b.test.ts',
      'a/b.spec.jsx',
      '__tests__/a.js',
      'x/test_a.py',
      'a_test.go',
      'src/test/A.java',
    ];
    const others = ['test/a.ts', 'src/tests.ts', 'a/latest.py', 'contest.go', 'b.testing.ts'];
    const { isTest } = plainRules(base);
    expect(names.filter((name) => !isTest(name))).toEqual([]);
    expect(others.filter(isTest)).toEqual([]);
  });
});

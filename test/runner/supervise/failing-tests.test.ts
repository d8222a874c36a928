import { describe, expect, it } from 'vitest';
import { failingTests } from '../../../src/runner/supervise/failing-tests.ts';

describe('the number of failing tests', () => {
  it.each([
    ['node --test', '# tests 9\n# pass 7\n# fail 2\n', 2],
    ['node --test in a terminal', '\u001b[34mℹ tests 9\u001b[39m\nℹ fail 2\n', 2],
    ['TAP', 'TAP version 14\nnot ok 1 - a\nok 2\n    not ok 3 - b\n1..3\n', 2],
    ['TAP with what is to do', 'not ok 1 - a # TODO later\nnot ok 2 - b # skip\nnot ok 3\n', 1],
    ['vitest', ' Test Files  1 failed | 2 passed (3)\n      Tests  4 failed | 9 passed (13)\n', 4],
    ['jest', 'Test Suites: 1 failed, 1 total\nTests:       3 failed, 2 passed, 5 total\n', 3],
    ['pytest', '=========== 2 failed, 11 passed in 0.12s ===========\n', 2],
    ['mocha', '  3 passing (8ms)\n  2 failing\n', 2],
    ['cargo', 'test result: FAILED. 4 passed; 5 failed; 0 ignored\n', 5],
    ['go', '--- FAIL: TestA (0.00s)\n    --- FAIL: TestA/b (0.00s)\nFAIL\n', 2],
    ['Maven', 'Tests run: 7, Failures: 3, Errors: 0\n', 3],
  ])('is read from %s', (_program, output, failing) => {
    expect(failingTests(output, 1)).toBe(failing);
  });

  it('is none with status 0, whatever is printed', () => {
    expect(failingTests('not ok 1\n', 0)).toBe(0);
  });

  it('is endless where the command was cut short, or tells no number', () => {
    expect(failingTests('# fail 1\n', null)).toBe(Number.POSITIVE_INFINITY);
    expect(failingTests('Segmentation fault\n', 139)).toBe(Number.POSITIVE_INFINITY);
    expect(failingTests('# fail 0\n', 1)).toBe(Number.POSITIVE_INFINITY);
  });

  it('is not made less by what the tests themselves print', () => {
    expect(failingTests('not ok 1\nnot ok 2\n# fail 1\n1 failing\n', 1)).toBe(2);
  });
});

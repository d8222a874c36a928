import { describe, expect, it } from 'vitest';
import { readVerdict, verdictBytesMax } from '../../src/runs/verdict-file.ts';

const run = { id: 'run_0000000000aaaaaaaaaaaaaaaa', epoch: 3 };
const good = { version: 1, run: run.id, epoch: 3, result: 'shipped', summary: 'did it' };
const read = (value: unknown, of = run) => readVerdict({ text: JSON.stringify(value) }, of);

describe('a verdict file', () => {
  it('is read when it is exactly a verdict of this run under this lease', () => {
    const { verdict } = read({ ...good, blockers: ['no key'], confidence: 0.9 });
    expect(verdict).toMatchObject({ result: 'shipped', blockers: ['no key'], evidence: [] });
  });

  it.each([
    ['missing', { problem: 'missing' }],
    ['a link, a pipe, a folder', { problem: 'not_a_file' }],
    ['of a gigabyte', { problem: 'too_large' }],
  ] as const)('is no verdict when it is %s', (_what, source) => {
    expect(readVerdict(source, run)).toEqual({ problem: source.problem });
  });

  it.each([
    ['empty', '', 'not_json'],
    ['half written', '{"version":1,"run":"run_', 'not_json'],
    ['an array', '[]', 'malformed'],
    ['null', 'null', 'malformed'],
    ['a word', '"shipped"', 'malformed'],
    ['too long', JSON.stringify({ ...good, summary: 'x'.repeat(verdictBytesMax) }), 'too_large'],
  ])('is no verdict when it is %s', (_what, text, problem) => {
    expect(readVerdict({ text }, run)).toMatchObject({ problem });
  });

  it.each([
    ['of another version', { version: 2 }],
    ['with an unknown result', { result: 'done' }],
    ['with an unknown member', { approved: true }],
    ['without a summary', { summary: undefined }],
    ['with a certainty above one', { confidence: 1.5 }],
    ['with terminal escapes in its summary', { summary: 'ok\u001b[2J' }],
    ['with a result of another type', { result: ['shipped'] }],
  ])('is malformed %s, and says where', (_what, change) => {
    const { problem, found } = read({ ...good, ...change }) as { problem: string; found?: string };
    expect(problem).toBe('malformed');
    expect(found).not.toBe('');
  });

  it('is foreign when it is about another run', () => {
    expect(read({ ...good, run: 'run_0000000000bbbbbbbbbbbbbbbb' })).toMatchObject({ problem: 'foreign' });
  });

  it('is stale when it is from another lease, or names none', () => {
    expect(read({ ...good, epoch: 2 })).toMatchObject({ problem: 'stale', found: 'epoch 2, not 3' });
    expect(read({ ...good, epoch: undefined })).toMatchObject({ problem: 'stale' });
  });

  it('needs no lease where the run had no task', () => {
    expect(
      readVerdict({ text: JSON.stringify({ ...good, epoch: undefined }) }, { ...run, epoch: null }),
    ).toHaveProperty('verdict');
  });
});

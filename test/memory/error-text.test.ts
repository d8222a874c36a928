import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { ts } from 'ts-morph';
import { describe, expect, it } from 'vitest';
import { errorIn } from '../../src/memory/error-text.ts';
import { runs } from '../support/seed.ts';

const fingerprint = (output: string) => errorIn(output)?.fingerprint;

/** Every message of TypeScript's own table that is an error, with its code. */
const diagnostics: readonly { code: number; message: string }[] = Object.values(
  (ts as unknown as { Diagnostics: Record<string, { code: number; category: number; message: string }> })
    .Diagnostics,
).filter(({ category }) => category === ts.DiagnosticCategory.Error);

const filled = (message: string, words: readonly string[]) =>
  message.replace(/\{(\d)\}/g, (_whole, at: string) => words[Number(at)] ?? 'x');
const words = ['Cart', 'total', 'number', 'string', 'items', 'Price'];

/** Output of a compiler in a project of another place, size and moment. */
const compiled = (code: number, message: string, n: number) =>
  `> shop@1.${n}.0 build /home/ci-${n}/work/shop\n> tsc -p .\n\nsrc/cart/total-${n}.ts(${n + 3},${n * 7}): error TS${code}: ${message}\n\nFound 1 error in ${n + 1}.${n}s\n`;

describe('the error in an output', () => {
  it('has one fingerprint wherever it is met: paths, lines, times and versions make no difference', () => {
    expect(diagnostics.length).toBeGreaterThan(1_000);
    const wrong = diagnostics.filter(({ code, message }) => {
      const text = filled(message, words);
      return fingerprint(compiled(code, text, 1)) !== fingerprint(compiled(code, text, 22));
    });
    expect(wrong.length / diagnostics.length).toBeLessThan(0.01);
  });

  it('is another one for another error: of all diagnostics of TypeScript no two are taken for one', () => {
    const seen = new Map<string, number[]>();
    for (const { code, message } of diagnostics) {
      const key = fingerprint(compiled(code, filled(message, words), 4)) ?? 'none';
      seen.set(key, [...(seen.get(key) ?? []), code]);
    }
    expect([...seen.values()].filter((codes) => codes.length > 1)).toEqual([]);
  });

  it('is found in what the test runner of Node prints, twice over', () => {
    const folder = mkdtempSync(join(tmpdir(), 'andon-errors-'));
    const run = (name: string, body: string): string => {
      const file = join(folder, `${name}.test.mjs`);
      writeFileSync(file, `import assert from 'node:assert';\nimport test from 'node:test';\n${body}\n`);
      try {
        execFileSync(process.execPath, ['--test', file], {
          encoding: 'utf8',
          env: { PATH: process.env.PATH },
        });
        return '';
      } catch (error) {
        return (error as { stdout: string }).stdout;
      }
    };
    const cases = {
      missing: "await import('./nowhere.mjs');",
      unequal: "test('sum', () => assert.equal(1, 2, 'the sum is wrong'));",
      type: "test('call', () => undefined.total());",
      range: "test('range', () => 'a'.repeat(-1));",
      thrown: "test('own', () => { throw new Error('no rate for EUR'); });",
    };
    const prints = Object.entries(cases).map(([name, body]) => [
      fingerprint(run(`a-${name}`, body)),
      fingerprint(run(`other-${name}`, `\n\n\n${body}`)),
    ]);
    rmSync(folder, { recursive: true, force: true });
    for (const [one, other] of prints) expect(one).toBe(other);
    expect(new Set(prints.map(([one]) => one)).size).toBe(prints.length);
  });

  it('is the same in its own lines as in the whole output, so that a search may send those alone', () => {
    for (const { code, message } of diagnostics.slice(0, 400)) {
      const whole = errorIn(compiled(code, filled(message, words), 3));
      expect(fingerprint(whole?.text ?? ''), message).toBe(whole?.fingerprint);
    }
  });

  it('is none in an output without a word, and ends for any output', () => {
    expect(errorIn('')).toBeUndefined();
    expect(errorIn('\n 12 34 \u001b[31m\n')).toBeUndefined();
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 500 }), (text) => {
        expect(errorIn(text)?.masked.length ?? 0).toBeLessThanOrEqual(600);
      }),
      runs(300),
    );
    const started = performance.now();
    for (const evil of [
      'a/'.repeat(150_000),
      'a.'.repeat(150_000),
      '1,'.repeat(150_000),
      ' '.repeat(300_000),
      `${'>'.repeat(300_000)}`,
      '-'.repeat(300_000),
      'error '.repeat(50_000),
      '12:12:12 '.repeat(30_000),
    ])
      errorIn(`${evil}\nerror TS1: x`);
    expect(performance.now() - started).toBeLessThan(4_000);
  });
});

import { createHash } from 'node:crypto';
import { expect, it } from 'vitest';
import { measure, measureUnnamed } from '../../../src/policies/measure/measure.ts';
import { mayBeProgram, mayHoldSource, sourceKind } from '../../../src/policies/measure/source-kind.ts';

const digest = (text: string): string => createHash('sha256').update(text).digest('base64');
const named = (text: string, kind: 'js' | 'ts' = 'js') => measure(text, kind, digest);
const unnamed = (text: string) => measureUnnamed(text, digest);
const ifs = (count: number): string =>
  `function impl(a) {\n${Array.from({ length: count }, (_, i) => `  if (a === ${i}) return ${i};\n`).join('')}}\n`;
const bad = ifs(40);

it('measures a program of another name as one of its own', () => {
  for (const text of [
    bad,
    `\ufeff${bad}`,
    `const impl = ${bad}`,
    'export const a = (b = 1) => b ?? 2;',
    'class A { get b() { return 1; } }',
  ])
    expect(unnamed(text)).toEqual(named(text));
  for (const text of ['const a = (b: string): void => {};', 'let a = <T,>(b: T) => <any>b;'])
    expect('units' in unnamed(text) && (unnamed(text) as { units: unknown[] }).units.length).toBeGreaterThan(
      1,
    );
});

it.each([
  ['an octal number', `var mode = 0755;\n${bad}`],
  ['an octal escape', `var nul = "\\07";\n${bad}`],
  ['a leading zero', `var eight = 08;\n${bad}`],
  ['an opening of markup', `<!-- old browsers\n${bad}`],
  ['a close of markup', `<!-- old browsers\n${bad}--> \u0001\n`],
  ['bytes that are no text in a comment', `// \u0000\u0001\ufffd\n${bad}`],
  ['a byte that is no text behind a quote', `var a = '\u0000';\n${bad}`],
  ['a start line with a control character', `#!\u0001 node\n${bad}`],
  ['an element', `const e = <a b={() => 1}>x</a>;\n${bad}`],
  ['a label and with', `a: with (b) { c }\n${bad}`],
  ['a return at the top', `if (process.argv.length > 9) return;\n${bad}`],
])('is not led astray by %s', (_name, text) => {
  const found = unnamed(text);
  if ('refusal' in found) expect(found.refusal.code).toBe('source.language');
  else expect(Math.max(...found.units.map(({ complexity }) => complexity))).toBe(41);
});

it.each([
  ['prose', 'A function is good (if short).\n'],
  ['Python', 'def f(x):\n    return {a for a in x if a}\n'],
  ['C', 'int main(void) { return 0; }\n'],
  ['shell', '#!/bin/sh\nf() { echo hi; }\nf\n'],
  ['CSS', 'a:not(.b) > c { color: red }\n'],
  ['HTML', '<!doctype html><p>f() { }</p>\n'],
  ['a table', 'name,function\na,1\n'],
  ['a drawing', '<svg><g transform="rotate(3)"/></svg>\n'],
  ['data in JavaScript', 'module.exports = { a: [1, 2], b: (3) };\n'],
  ['nothing', ''],
])('leaves %s alone', (_name, text) => {
  expect(unnamed(text)).toEqual({ units: [] });
});

it('refuses a program that another language starts', () => {
  const text = '#!/usr/bin/env php\nfunction f() { return 1; }\n';
  expect(unnamed(text)).toMatchObject({ refusal: { code: 'source.language', found: '/usr/bin/env php' } });
});

it('bounds a program of another name as any, and a long text of another kind costs little', () => {
  expect(unnamed(`${bad}// ${'x'.repeat(6000)}\n`)).toMatchObject({ size: { columns: 6003 } });
  const begun = process.cpuUsage();
  expect(unnamed('The quick brown fox (=>) jumps over { the lazy dog.\n'.repeat(19_000))).toEqual({
    units: [],
  });
  expect(process.cpuUsage(begun).user / 1000).toBeLessThan(1500);
  expect(mayBeProgram(')'.repeat(1_000_000))).toBe(false);
});

it('knows by name what is data, and what only the content tells', () => {
  for (const path of ['a.json', 'a/B.YML', 'README.md', 'yarn.lock', 'bun.lockb', 'x.map'])
    expect(mayHoldSource(path), path).toBe(false);
  for (const path of ['impl', 'impl.txt', 'impl.es', 'a.png', 'a.ts', 'Makefile', '.json'])
    expect(mayHoldSource(path), path).toBe(path !== '.json');
  expect(sourceKind('impl.txt', '#!/usr/bin/env node\n')).toBe('js');
  for (const bytes of ['\u0089PNG\r\n\u001a\n=>', 'GIF89a\u0001\u0000=>', 'PK\u0003\u0004=>', '\u007fELF=>'])
    expect(mayBeProgram(bytes)).toBe(false);
});

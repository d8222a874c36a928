import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { createAnalyser } from '../../src/analysis/analyser.ts';
import { checkSources } from '../../src/analysis/check-sources.ts';
import { limits } from '../../src/lib/limits.ts';
import { plainRules } from '../../src/policies/code-rules.ts';

const analyser = createAnalyser({ processesMax: 1 });
// For files that would take for ever.
const hasty = createAnalyser({ deadlineMs: 1_000, processesMax: 1 });
afterAll(() => {
  analyser.close();
  hasty.close();
});

async function codesOf(path: string, after: string | Uint8Array, by = analyser): Promise<string[]> {
  const reasons = await checkSources(by, [{ path, after }], plainRules({ complexity: 8, lines: 60 }));
  return reasons.map(({ code, found }) => `${code}: ${found}`);
}

const many = (text: string, count: number): string => text.repeat(count);
// Within the limit for columns, so that the parser gets to see it.
const broken = (text: string): string => text.replace(/.{4000}/g, '$&\n');

describe('hostile source', () => {
  it('185 bytes that cost exponential time are cut at the deadline, and the next file is judged', async () => {
    expect(await codesOf('a.js', `x = ${many('async(a=', 23)}`, hasty)).toEqual([
      'source.timeout: no answer within 1000 ms',
    ]);
    expect(await codesOf('b.js', 'export const a = 1;', hasty)).toEqual([]);
  });

  it('1,000 nested parentheses are judged', async () => {
    expect(await codesOf('a.js', `x = ${many('(', 1000)}1${many(')', 1000)}`)).toEqual([]);
  });

  it('nesting that overflows any stack is refused, and the next file is judged', async () => {
    const [code] = await codesOf('a.js', broken(`x = ${many('[', 400_000)}1${many(']', 400_000)}`));
    expect(code).toMatch(/^source\.(crash|timeout): /);
    expect(await codesOf('b.js', 'const b = 1;')).toEqual([]);
  });

  it('48 KB of nested arrows end in an answer', async () => {
    const text = broken(`x = ${many('()=>', 12_000)}1`);
    expect((await codesOf('a.js', text)).every((one) => /^source\./.test(one))).toBe(true);
  });

  it('a deep chain of operators, calls and else-ifs is counted without recursion', async () => {
    const found = await codesOf(
      'a.js',
      `${broken(`x = 1${many(' + 1', 20_000)};`)}\nif (a) b();${many('\nelse if (a) b();', 3_000)}`,
    );
    expect(found).toEqual(['complexity: 3002']);
  });

  it.each([
    ['over 1 MB', many(`// ${many('x', 96)}\n`, limits.sourceBytesMax / 100 + 1)],
    ['over 20,000 lines', many('\n', limits.sourceLinesMax + 1)],
    ['over 20,000 lines by Unicode separators', many('\u2028', limits.sourceLinesMax + 1)],
    ['a line over 5,000 characters', `// ${many('x', limits.sourceColumnsMax)}`],
  ])('%s is refused', async (_, text) => {
    expect((await codesOf('a.ts', text))[0]).toMatch(/^source\.size/);
  });

  it('20,000 lines of 5,000 characters at most pass', async () => {
    expect(await codesOf('a.ts', many('\n', limits.sourceLinesMax))).toEqual([]);
    expect(await codesOf('a.ts', many('x', limits.sourceColumnsMax))).toEqual([]);
  });

  it.each([
    ['Latin-1', Uint8Array.of(0x2f, 0x2f, 0xe4)],
    ['UTF-16', Buffer.from('\ufeffconst a = 1', 'utf16le')],
    ['an overlong form', Uint8Array.of(0x2f, 0x2f, 0xc0, 0xaf)],
    ['a surrogate', Uint8Array.of(0x2f, 0x2f, 0xed, 0xa0, 0x80)],
  ])('%s is refused as unreadable', async (_, bytes) => {
    expect((await codesOf('a.ts', bytes))[0]).toMatch(/^source\.unreadable/);
  });

  it.each([
    ['a syntax error that the parser would mend', 'function f( { if (a) b(); }', 'a.ts'],
    ['a NUL byte', 'const a\u0000 = 1;', 'a.ts'],
    ['conflict marks', '<<<<<<< a\nx\n=======\ny\n>>>>>>> b', 'a.ts'],
    ['an unclosed comment', 'x(); /* ', 'a.ts'],
  ])('%s is refused', async (_, text, path) => {
    expect((await codesOf(path, text))[0]).toMatch(/^source\.syntax/);
  });

  it.each([
    ['eval', 'eval(x)', 'a.js'],
    ['eval by another name', 'const e = eval; e(x)', 'a.js'],
    ['indirect eval', '(0, eval)(x)', 'a.js'],
    ['eval in shorthand', 'const o = { eval }; o.eval(x)', 'a.js'],
    ['eval of the global object', 'globalThis.eval(x)', 'a.js'],
    ['eval of the global object by index', "window['eval'](x)", 'a.js'],
    ['new Function', 'new Function(x)', 'a.ts'],
    ['Function without new', 'Function(x)()', 'a.ts'],
    ['Function of the global object', 'new globalThis.Function(x)', 'a.ts'],
    ['Function behind a cast', 'new (Function as any)(x)', 'a.ts'],
    ['a timer with text', "setTimeout('x()', 5)", 'a.ts'],
    ['a timer with joined text', "window.setInterval(a + 'x()', 5)", 'a.ts'],
    ['a timer with a template', 'setTimeout(`x()`, 5)', 'a.ts'],
    ['an import of text', "import 'data:text/javascript,x()'", 'a.ts'],
    ['a dynamic import of text', "await import('data:text/javascript,x()')", 'a.ts'],
    ['a body in a declaration file', 'function f() { if (a) b(); }', 'a.d.ts'],
    ['a statement in a declaration file', 'while (a) b;', 'a.d.mts'],
    ['a call in a declaration file', 'export const a = run();', 'a.d.css.ts'],
  ])('%s is refused as opaque', async (_, text, path) => {
    expect((await codesOf(path, text))[0]).toMatch(/^source\.opaque/);
  });

  it.each([
    ['a case-twin of an extension', 'a.TS'],
    ['a script without an extension', 'bin/run'],
  ])('%s does not hide a file', async (_, path) => {
    const text = `#!/usr/bin/env node\n${many('if (a) b();\n', 9)}`;
    expect(await codesOf(path, path.endsWith('TS') ? text.slice(20) : text)).toEqual(['complexity: 10']);
  });

  it('@generated, @ts-nocheck and eslint-disable change no verdict', async () => {
    const text = `// @generated\n// @ts-nocheck\n/* eslint-disable */\nfunction f() { ${many('if (a) b();', 9)} }`;
    expect(await codesOf('a.ts', text)).toEqual(['complexity: 10']);
  });

  it('a change of thousands of poisoned files costs two deadlines and one more reason', async () => {
    const poison = (at: number): string => `y${at} = ${many('async(a=', 23)}`;
    const changes = Array.from({ length: 2_000 }, (_, at) => ({ path: `a${at}.js`, after: poison(at) }));
    const startMs = performance.now();
    const reasons = await checkSources(hasty, changes, plainRules({ complexity: 8, lines: 60 }));
    expect(performance.now() - startMs).toBeLessThan(20_000);
    expect(reasons.map(({ code }) => code)).toEqual(Array(3).fill('source.timeout'));
    expect(String(reasons.at(-1)?.found)).toMatch('1997 more files');
  });

  it('a base that cannot be analysed excuses nothing', async () => {
    const text = `function f() { ${many('if (a) b();', 9)} }`;
    const change = { path: 'a.ts', before: `${text} (`, after: text };
    const reasons = await checkSources(analyser, [change], plainRules({ complexity: 8, lines: 60 }));
    expect(reasons.map(({ code }) => code)).toEqual(['complexity']);
  });

  it('a parser that spins dies with a gateway that is killed', async () => {
    const script = join(import.meta.dirname, '../support/spin.ts');
    const owner = spawn(process.execPath, ['--import', 'tsx', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [line] = await once(owner.stdout, 'data');
    const pid = Number(String(line));
    expect(isRunning(pid)).toBe(true);
    owner.kill('SIGKILL');
    await expect.poll(() => isRunning(pid), { timeout: 10_000 }).toBe(false);
  });
});

function isRunning(pid: number): boolean {
  if (!existsSync(`/proc/${pid}/status`)) return false;
  return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
}

import { afterAll, describe, expect, it } from 'vitest';
import { createAnalyser } from '../../src/analysis/analyser.ts';
import { checkSources, type SourceChange } from '../../src/analysis/check-sources.ts';
import { plainRules } from '../../src/policies/code-rules.ts';

const analyser = createAnalyser();
afterAll(() => analyser.close());

const limits = plainRules({ complexity: 2, lines: 3 });
const subjects = async (changes: SourceChange[]): Promise<string[]> =>
  (await checkSources(analyser, changes, limits)).map(({ code, subject }) => `${code} ${subject}`);

const bad = 'function bad() { a && b && c; }\n';
const long = 'function long() {\n\n\n}\n';

describe('checkSources', () => {
  it('lists every reason of every policy and file, by path and line', async () => {
    const found = await subjects([
      { path: 'b.ts', after: `${long}${bad}` },
      { path: 'a.ts', after: `${bad}eval(x);` },
      { path: 'c.ts', after: 'if (' },
    ]);
    expect(found).toEqual([
      'complexity a.ts:1 bad',
      'source.opaque a.ts:2 <module>',
      'function.length b.ts:1 long',
      'complexity b.ts:5 bad',
      expect.stringMatching(/^source.syntax c.ts:1/),
    ]);
  });

  it('judges only what a change adds or makes worse', async () => {
    const before = Buffer.from(`${bad}${long}`);
    const changed = (text: string) => [{ path: 'a.ts', before, after: Buffer.from(text) }];
    expect(await subjects(changed(`${bad}${long}x();`))).toEqual([]);
    expect(await subjects(changed(`${bad.replace('c;', 'd;')}${long}`))).toEqual([]);
    expect(await subjects(changed(`${bad.replace('c;', 'c && d;')}${long}`))).toEqual([
      'complexity a.ts:1 bad',
    ]);
    expect(await subjects(changed(`${bad}${long.replace('\n', '\n\n x();')}`))).toEqual([
      'function.length a.ts:2 long',
    ]);
  });

  it('lets a file above a limit for files be mended, and refuses its growth', async () => {
    const wide = (count: number): Buffer => Buffer.from(`const a = "${'x'.repeat(count)}";\nlet b = 1;\n`);
    const tall = (count: number): Buffer => Buffer.from('let a;\n'.repeat(count));
    const big = (count: number): Buffer => Buffer.from(`/* ${'x'.repeat(990)} */\n`.repeat(count));
    const whole = async (before: Buffer, after: Buffer) =>
      (await checkSources(analyser, [{ path: 'a.ts', before, after }], limits)).map(
        ({ subject, found, limit, before: was }) => `${subject}: ${found}, limit ${limit}, was ${was}`,
      );
    expect(await whole(wide(6_000), Buffer.from(wide(6_000).toString().replace('1', '2')))).toEqual([]);
    expect(await whole(wide(6_000), wide(6_001))).toEqual([
      'a.ts:1: 6014 characters in a line, limit 5000 characters in a line, was 6013 characters in a line',
    ]);
    expect(await whole(tall(20_001), tall(20_001).fill('b', 4, 5))).toEqual([]);
    expect(await whole(tall(20_000), tall(20_001))).toEqual([
      'a.ts: 20001 lines, limit 20000 lines, was 20000 lines',
    ]);
    expect(await whole(big(1_060), big(1_060).fill('y', 5, 9))).toEqual([]);
    expect(await whole(big(1_060), big(1_061))).toEqual([
      `a.ts: ${1_061 * 997} bytes, limit 1048576 bytes, was ${1_060 * 997} bytes`,
    ]);
  });

  it('holds code that leaves the test code by the limits alone', async () => {
    const tests = `describe('x', () => {\n\n\n\n});\n`;
    const moved = (from: string, path: string) => [
      { path, from, before: Buffer.from(tests), after: Buffer.from(`${tests}//\n`) },
    ];
    expect(await subjects(moved('a.test.ts', 'b.test.ts'))).toEqual([]);
    expect(await subjects(moved('a.test.ts', 'b.ts'))).toEqual(['function.length b.ts:1 <anonymous>']);
    expect(await subjects(moved('a.ts', 'b.ts'))).toEqual([]);
  });

  it('refuses an import of test code from outside, and asks the tree which file an import means', async () => {
    const asked: string[][] = [];
    const tree = (...files: string[]) => ({
      existing: async (paths: readonly string[]) => {
        asked.push([...paths]);
        return new Set(files.filter((file) => paths.includes(file)));
      },
    });
    const found = async (text: string, files: string[], path = 'src/a.ts', before?: string) =>
      (
        await checkSources(
          analyser,
          [{ path, after: Buffer.from(text), ...(before !== undefined && { before: Buffer.from(before) }) }],
          limits,
          tree(...files),
        )
      ).map(({ code, subject, found }) => `${code} ${subject} ${found}`);
    const text = "import { help } from './help.test.js';\n";
    expect(await found(text, ['src/help.test.ts'])).toEqual(['test.imported src/a.ts:1 src/help.test.ts']);
    expect(await found(text, ['src/help.test.ts'], 'src/b.test.ts')).toEqual([]);
    expect(await found(text, [])).toEqual([]);
    expect(await found(`${text}x();`, ['src/help.test.ts'], 'src/a.ts', text)).toEqual([]);
    asked.length = 0;
    expect(await found("import './help.ts';", ['src/help.ts'])).toEqual([]);
    expect(asked).toEqual([]);
    // A plain file is taken before a folder of test code of the same name.
    expect(await found("require('./__tests__');", ['src/__tests__/index.js'])).toEqual([
      'test.imported src/a.ts:1 src/__tests__/index.js',
    ]);
    expect(await found("require('./__tests__');", ['src/__tests__.ts', 'src/__tests__/index.js'])).toEqual(
      [],
    );
  });

  it.each([
    ["export * from '../a.spec'", 1],
    ["const a = await import('../a.spec')", 1],
    ["import a = require('../a.spec')", 1],
    ["vi.importActual('../a.spec')", 1],
    ["new Worker(new URL('../a.spec.ts', import.meta.url))", 1],
    ["import a from '../a.spec?raw'", 1],
    ["import type { A } from '../a.spec'", 0],
    ["import a from '../../../a.spec'", 0],
    ["import a from 'a.spec'", 0],
  ])('counts `%s` as an import %d times', async (text, times) => {
    const changes = [
      { path: 'src/a.ts', after: text },
      { path: 'a.spec.ts', after: 'x();' },
    ];
    expect((await subjects(changes)).filter((one) => one.startsWith('test.imported'))).toHaveLength(times);
  });

  it('refuses a file too large to be measured, old or new', async () => {
    const content = { sizeBytes: 5 * 2 ** 20 };
    const found = await checkSources(analyser, [{ path: 'a.ts', before: content, after: content }], limits);
    expect(found).toMatchObject([{ code: 'source.size', found: '5242880 bytes', limit: '4194304 bytes' }]);
  });

  it('follows a function that moves out of a file that the change deletes', async () => {
    expect(
      await subjects([
        { path: 'a.ts', before: Buffer.from(bad) },
        { path: 'b.ts', after: bad },
      ]),
    ).toEqual([]);
  });

  it('passes over bytes that are the same before and after, even if nobody can read them', async () => {
    const before = Buffer.from('if (');
    expect(await subjects([{ path: 'a.ts', before, after: Buffer.from(before) }])).toEqual([]);
  });

  it('passes over what is no source', async () => {
    const names = ['a.md', 'a.json', 'a.yaml', 'yarn.lock'];
    expect(await subjects(names.map((path) => ({ path, after: bad })))).toEqual([]);
    const others = ['a.vue', 'a.css', 'Makefile'];
    expect(await subjects(others.map((path) => ({ path, after: 'all: (x) { => no program\n' })))).toEqual([]);
  });

  it('judges a program whatever it is called', async () => {
    const names = ['.ts/readme', 'a.es', 'a.png', 'a.tsx.snap', 'a.txt', 'a.vue', 'impl'];
    const found = await subjects(names.map((path) => ({ path, after: bad })));
    expect(found).toEqual(names.map((path) => `complexity ${path}:1 bad`));
  });

  it('refuses a file of another name that its change left no room for, and no large one', async () => {
    const content = (sizeBytes: number) => ({ sizeBytes });
    expect(await subjects([{ path: 'a.bin', after: content(2 ** 21) }])).toEqual([]);
    expect(await subjects([{ path: 'impl', after: content(2 ** 19) }])).toEqual(['source.size impl']);
  });

  it('gives the place of a reason in parts', async () => {
    const [reason] = await checkSources(analyser, [{ path: 'a b:1 c.ts', after: bad }], limits);
    expect(reason?.at).toEqual({ path: 'a b:1 c.ts', line: 1, unit: 'bad' });
  });
});

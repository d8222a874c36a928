import { afterAll, describe, expect, it } from 'vitest';
import { createAnalyser } from '../../src/analysis/analyser.ts';
import { checkSources, type SourceChange } from '../../src/analysis/check-sources.ts';

const analyser = createAnalyser();
afterAll(() => analyser.close());

const limits = { complexity: 2, lines: 3 };
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

  it('judges only what a change adds or alters', async () => {
    const before = Buffer.from(`${bad}${long}`);
    expect(await subjects([{ path: 'a.ts', before, after: Buffer.from(`${bad}${long}x();`) }])).toEqual([]);
    expect(
      await subjects([{ path: 'a.ts', before, after: Buffer.from(`${bad.replace('c;', 'd;')}${long}`) }]),
    ).toEqual(['complexity a.ts:1 bad']);
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
    const others = ['a.vue', 'a.py', 'Makefile'];
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

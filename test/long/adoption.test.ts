import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { createAnalyser } from '../../src/analysis/analyser.ts';
import { cleanEnvironment, cli } from '../support/cli.ts';
import { mustGit } from '../support/gateway.ts';

// Repositories are reached by no registry: ANDON_ADOPT names a folder with a clone of each, by these names.
const { ANDON_ADOPT: clones } = process.env;

/** Sources and tests of a repository, and how its language writes what the edits need. */
interface Adopted {
  readonly name: string;
  readonly sources: RegExp;
  readonly tests: RegExp;
  readonly language: Language;
  /** A test to add. */
  readonly test: string;
}

interface Language {
  /** A statement that may stand anywhere, whole on one line. */
  readonly statement: RegExp;
  readonly mended: (line: string) => string;
  readonly piece: (statement: string) => string;
  /** A function of that complexity. */
  readonly branchy: (complexity: number) => string;
}

const branches = (complexity: number, line: (n: number) => string): string =>
  Array.from({ length: complexity - 1 }, (_, n) => line(n)).join('\n');

const script: Language = {
  statement:
    /^\s+(?!return|throw|break|continue|yield|await|super|case|default|const|let|var|\})[\w.]+\([^{}]*\);?$/,
  mended: (line) => `${line};`,
  piece: (statement) => `\nfunction aPieceOfIt() {\n  ${statement.trim()}\n}\n`,
  branchy: (complexity) =>
    `\nfunction tooBranchy(a) {\n${branches(complexity, (n) => `  if (a === ${n}) return ${n};`)}\n  return a;\n}\n`,
};
const c: Language = {
  statement: /^ +(?!return|goto|break|continue|case|default|va_)\w+\([^{}]*\);$/,
  mended: (line) => `${line};`,
  piece: (statement) => `\nvoid aPieceOfIt(void) {\n    ${statement.trim()}\n}\n`,
  branchy: (complexity) =>
    `\nint tooBranchy(int a) {\n${branches(complexity, (n) => `    if (a == ${n}) return ${n};`)}\n    return a;\n}\n`,
};
const python: Language = {
  statement: /^ +[\w.]+(?: = .*[^\\,([{:]|\(.*\))$/,
  mended: (line) => `${line}; pass`,
  piece: (statement) => `\n\ndef a_piece_of_it():\n    ${statement.trim()}\n`,
  branchy: (complexity) =>
    `\n\ndef too_branchy(a):\n${branches(complexity, (n) => `    if a == ${n}:\n        return ${n}`)}\n    return a\n`,
};
const suite = `\ndescribe('a new one', () => {\n  it('holds', () => {\n${'    expect(1).toBe(1);\n'.repeat(100)}  });\n});\n`;

const repositories: readonly Adopted[] = [
  { name: 'express', sources: /^lib\/.*\.js$/, tests: /^test\/.*\.js$/, language: script, test: suite },
  {
    name: 'changesets',
    sources: /^packages\/.*\/src\/.*\.ts$/,
    tests: /\.test\.ts$/,
    language: script,
    test: suite,
  },
  {
    name: 'zod',
    sources: /^packages\/zod\/src\/.*\.ts$/,
    tests: /\.test\.ts$/,
    language: script,
    test: suite,
  },
  {
    name: 'effect',
    sources: /^packages\/.*\/src\/.*\.ts$/,
    tests: /\.test\.ts$/,
    language: script,
    test: suite,
  },
  {
    ...{ name: 'itsdangerous', sources: /^src\/.*\.py$/, tests: /\/test_\w+\.py$/, language: python },
    test: `\n\ndef test_new():\n${'    assert 1 == 1\n'.repeat(20)}`,
  },
  {
    ...{ name: 'redis', sources: /^src\/[^/]*\.c$/, tests: /^tests\/unit\/.*\.tcl$/, language: c },
    test: `\ntest {a new one} {\n${'    assert_equal 1 1\n'.repeat(100)}}\n`,
  },
];

const isThere = clones !== undefined && existsSync(clones);
if (!isThere)
  console.warn(
    `SKIPPED: no repositories; ANDON_ADOPT names a folder with ${repositories.map(({ name }) => name).join(', ')}`,
  );

/** The longest function of the sources that holds a statement on one line, and that line (from 0). */
async function longest(root: string, files: readonly string[], { statement }: Language) {
  const analyser = createAnalyser();
  const measured = await analyser.measure(
    files.map((path) => ({ path, content: readFileSync(join(root, path)) })),
  );
  analyser.close();
  const found = measured.flatMap((file) =>
    'units' in file
      ? file.units.flatMap(({ kind, startLine, endLine, lines, qualified }) => {
          const text = readFileSync(join(root, file.path), 'utf8').split('\n');
          const isInner = (n: number): boolean =>
            file.units.some(
              (one) => one.startLine - 1 > startLine - 1 && one.startLine - 1 <= n && n <= one.endLine - 1,
            );
          const at = text.findIndex(
            (line, n) =>
              n >= startLine &&
              n < endLine - 1 &&
              statement.test(line) &&
              /[;:{}]\s*$/.test(text[n - 1] ?? '') &&
              !isInner(n),
          );
          return kind === 'module' || at < 0 ? [] : [{ path: file.path, qualified, lines, at }];
        })
      : [],
  );
  return found.toSorted((one, other) => other.lines - one.lines)[0];
}

describe.skipIf(!isThere)('a repository adopted with the limits of andon init', () => {
  const folders: string[] = [];
  afterAll(() => {
    for (const folder of folders) rmSync(folder, { recursive: true, force: true });
  });

  it.each(repositories)(
    'takes ordinary edits of $name, and refuses a new function that is too complex',
    async (adopted) => {
      const folder = mkdtempSync(join(tmpdir(), 'andon-adopt-'));
      folders.push(folder);
      const root = join(folder, adopted.name);
      await mustGit(folder, [
        'clone',
        '-q',
        '--no-local',
        '--depth',
        '1',
        `file://${join(clones ?? '', adopted.name)}`,
        root,
      ]);
      const options = { cwd: root, env: cleanEnvironment(join(folder, 'home')) };
      const begun = performance.now();
      const init = await cli(['init'], options);
      expect(init).toMatchObject({ exit: 0 });
      const seconds = (performance.now() - begun) / 1000;
      await mustGit(root, ['add', 'andon.yaml']);
      await mustGit(root, ['commit', '-q', '-m', 'A plan']);
      const files = (await mustGit(root, ['ls-files'])).split('\n');
      const isTest = (path: string): boolean =>
        adopted.tests.test(path) || /(^|\/)(tests?|__tests__)\//.test(path);
      const sources = files.filter((path) => adopted.sources.test(path) && !isTest(path));
      const old = await longest(root, sources, adopted.language);
      const test = files.find((path) => adopted.tests.test(path));
      if (old === undefined || test === undefined)
        throw new Error(`${adopted.name}: no function or no test to edit`);
      const before = readFileSync(join(root, old.path), 'utf8');
      const lines = before.split('\n');
      const statement = lines[old.at] ?? '';
      /** The exit of a check of the staged edit, and its words where it refuses. */
      const verdict = async (path: string, text: string): Promise<string> => {
        writeFileSync(join(root, path), text);
        await mustGit(root, ['add', path]);
        const { exit, stdout, stderr } = await cli(['check', '--staged'], options);
        await mustGit(root, ['reset', '-q', '--hard']);
        return exit === 0 ? 'allow' : `refuse: ${stdout}${stderr}`;
      };
      const { mended, piece, branchy } = adopted.language;
      const verdicts = {
        test: await verdict(test, `${readFileSync(join(root, test), 'utf8')}${adopted.test}`),
        mend: await verdict(old.path, lines.with(old.at, mended(statement)).join('\n')),
        split: await verdict(old.path, `${lines.toSpliced(old.at, 1).join('\n')}${piece(statement)}`),
        branchy: await verdict(old.path, `${before}${branchy(9)}`),
      };
      console.log(
        `${adopted.name}: init ${seconds.toFixed(1)} s, ${init.stderr.split('\n').find((one) => /limits/.test(one))}; ` +
          `${old.path} ${old.qualified} (${old.lines} lines), ${test}`,
      );
      expect(verdicts).toMatchObject({ test: 'allow', mend: 'allow', split: 'allow' });
      expect(verdicts.branchy).toMatch(/complexity[\s\S]*oo_?[bB]ranchy[\s\S]*9/);
    },
    600_000,
  );
});

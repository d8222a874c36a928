import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Linter } from 'eslint';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { measure } from '../../../src/policies/measure/measure.ts';
import { digest } from '../../support/measure.ts';
import { sized } from '../../support/size.ts';

// The first six, or all of them in the long run.
const packages = [
  ...[
    'eslint',
    'commander',
    'pino',
    'acorn',
    'semver',
    'ajv',
    'pg',
    'prom-client',
    'vitest',
    'jose',
    'json5',
  ],
  ...[
    'body-parser',
    'chai',
    'cors',
    'croner',
    'cross-spawn',
    'debug',
    'drizzle-orm',
    'espree',
    'express',
    'fast-check',
  ],
  ...[
    'fdir',
    'graphile-worker',
    'hono',
    'js-yaml',
    'lru-cache',
    'luxon',
    'magic-string',
    'minimatch',
    'nanoid',
  ],
  ...[
    'node-cron',
    'path-to-regexp',
    'pg-boss',
    'picomatch',
    'postcss',
    'qs',
    'send',
    'undici-types',
    'yaml',
    'yargs',
    'zod',
  ],
].slice(0, sized(6, 41));
const root = join(import.meta.dirname, '../../../node_modules');
const textCharsMax = 200_000;
const linter = new Linter();

interface Numbers {
  readonly complexity: string[];
  readonly lines: string[];
}

// Both rules with a limit of 0 report every function with its number. Places are not compared: ESLint points
// at the head of a function, Andon at its first line.
function byEslint(text: string): Numbers | undefined {
  for (const sourceType of ['module', 'commonjs', 'script'] as const) {
    const found = linter.verify(text, {
      languageOptions: { ecmaVersion: 'latest', sourceType, parserOptions: { ecmaFeatures: { jsx: true } } },
      linterOptions: { noInlineConfig: true, reportUnusedDisableDirectives: 'off' },
      rules: { complexity: ['error', 0], 'max-lines-per-function': ['error', { max: 0, IIFEs: true }] },
    });
    if (found.some((one) => one.fatal)) continue;
    const numbers = (rule: string, pattern: RegExp): string[] =>
      found.filter((one) => one.ruleId === rule).map((one) => pattern.exec(one.message)?.[1] ?? one.message);
    return {
      complexity: numbers('complexity', /complexity of (\d+)/).sort(),
      lines: numbers('max-lines-per-function', /lines \((\d+)\)/).sort(),
    };
  }
  return undefined;
}

function byUs(text: string): Numbers | undefined {
  const found = measure(text, 'js', digest);
  if ('refusal' in found) return undefined;
  const units = found.units.filter((unit) => unit.kind !== 'module');
  const functions = units.filter((unit) => unit.kind !== 'field' && unit.kind !== 'static');
  return {
    complexity: units.map((unit) => String(unit.complexity)).sort(),
    lines: functions.map((unit) => String(unit.lines)).sort(),
  };
}

function sources(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((one) => one.isFile() && /\.[cm]?js$/.test(one.name))
    .map((one) => join(one.parentPath, one.name));
}

describe('measure beside ESLint 10', () => {
  it('finds the same functions with the same complexity and length in all sources of well-known packages', () => {
    const count = { files: 0, functions: 0, refused: 0, unread: 0 };
    for (const file of packages.flatMap((name) => sources(join(root, name)))) {
      const text = readFileSync(file, 'utf8');
      if (text.length > textCharsMax) continue;
      const ours = byUs(text);
      const theirs = ours && byEslint(text);
      if (ours === undefined) count.refused += 1;
      else if (theirs === undefined) count.unread += 1;
      else {
        expect(ours, file).toEqual(theirs);
        count.files += 1;
        count.functions += ours.complexity.length;
      }
    }
    console.log('compared with ESLint:', JSON.stringify(count));
    expect(count.functions).toBeGreaterThan(sized(5_000, 25_000));
    expect(count.refused + count.unread).toBeLessThan(count.files / 100);
  });

  it('agrees on every nesting of every construct that counts', () => {
    const { expression } = fc.letrec<{ expression: string; target: string; statement: string }>((tie) => {
      const e = tie('expression');
      const t = tie('target');
      const s = tie('statement');
      const of =
        (...parts: fc.Arbitrary<string>[]) =>
        (write: (...texts: string[]) => string) =>
          fc.tuple(...parts).map((texts) => write(...texts));
      return {
        expression: fc.oneof(
          { maxDepth: 4, withCrossShrink: true },
          fc.constantFrom('a', '1', '/x/', '`t`'),
          of(e, fc.constantFrom('&&', '||', '+'), e)((x, o, y) => `((${x}) ${o} (${y}))`),
          of(e, e)((x, y) => `((${x}) ?? (${y}))`),
          of(e, e, e)((x, y, z) => `((${x}) ? ${y} : ${z})`),
          of(e, e)((x, y) => `(${x})?.p?.[${y}]?.(1)`),
          of(fc.constantFrom('&&=', '||=', '??=', '='), e)((o, x) => `(v ${o} ${x})`),
          of(t, e)((x, y) => `(${x} = ${y})`),
          of(t, e, s)((x, y, z) => `((${x} = ${y}, ...r) => { ${z} })`),
          of(e, s)((x, y) => `(function (p = ${x}) { ${y} })`),
          of(
            e,
            e,
            s,
            s,
          )(
            (x, y, z, w) =>
              `(class { [${x}] = ${y}; static { ${z} } get [${y}]() { ${w} } static async *m(p = ${x}) {} })`,
          ),
          of(e, e, s)((x, y, z) => `({ [${x}]: ${y}, m(p = ${y}) { ${z} }, set q(v) { ${z} } })`),
          of(e)((x) => `\`\${${x}}\``),
        ),
        target: fc.oneof(
          { maxDepth: 3 },
          fc.constantFrom('[b]', '{ c }'),
          of(t, e)((x, y) => `[${x} = ${y}, d = ${y}]`),
          of(t, e)((x, y) => `{ f: ${x} = ${y}, g = ${y}, [${y}]: h, ...i }`),
        ),
        statement: fc.oneof(
          { maxDepth: 3 },
          of(e)((x) => `${x};`.replace(/^/, 'void ')),
          of(e, s)((x, y) => `if (${x}) { ${y} } else if (a) { ${y} }`),
          of(e, s)((x, y) => `for (let i = ${x}; ${x}; ) { ${y} }`),
          of(t, e, s)((x, y, z) => `for (${x} of [${y}]) { ${z} }`),
          of(t, e, s)((x, y, z) => `for (const ${x} of [${y}]) { ${z} }`),
          of(e, s)((x, y) => `while (${x}) { ${y} } do { ${y} } while (${x});`),
          // `case (…):` may be the head of a typed arrow function to TypeScript's parser; a sum is none.
          of(e, s)((x, y) => `switch (${x}) { case 0 + ${x}: ${y} case 2: default: ${y} }`),
          of(s, t)((x, y) => `try { ${x} } catch (${y}) { ${x} } finally { ${x} }`),
        ),
      };
    });
    let functions = 0;
    const property = fc.property(expression, (text) => {
      // One line would pass the limit for columns.
      const source = `void ${text};`.replaceAll('; ', ';\n').replaceAll('{ ', '{\n');
      const theirs = byEslint(source);
      // Some nestings bind a name twice; ESLint's parser refuses them.
      fc.pre(theirs !== undefined);
      functions += theirs?.complexity.length ?? 0;
      expect(byUs(source)).toEqual(theirs);
    });
    const seed = Number(process.env.SEED ?? 20261121);
    fc.assert(property, { seed, numRuns: 400 });
    console.log(`seed ${seed}: ${functions} generated functions agree`);
    expect(functions).toBeGreaterThan(300);
  });
});

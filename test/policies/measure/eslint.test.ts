import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Linter } from 'eslint';
import { describe, expect, it } from 'vitest';
import { measure } from '../../../src/policies/measure/measure.ts';

const packages = [
  'eslint',
  'commander',
  'pino',
  'acorn',
  'semver',
  'ajv',
  'pg',
  'prom-client',
  'fast-check',
  'vitest',
  'jose',
  'json5',
  'yaml',
  'drizzle-orm',
];
const root = join(import.meta.dirname, '../../../node_modules');
const digest = (text: string): string => createHash('sha256').update(text).digest('hex');

function sources(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((one) => one.isFile() && /\.[cm]?js$/.test(one.name))
    .map((one) => join(one.parentPath, one.name));
}

interface Numbers {
  readonly complexity: string[];
  readonly lines: string[];
}

// Both rules with a limit of 0 report every function with its number. Lines and columns of the reports are not compared:
// ESLint points at the head of a function, we at its first line.
function byEslint(linter: Linter, text: string): Numbers | undefined {
  for (const sourceType of ['module', 'commonjs', 'script'] as const) {
    const found = linter.verify(
      text,
      {
        languageOptions: {
          ecmaVersion: 'latest',
          sourceType,
          parserOptions: { ecmaFeatures: { jsx: true } },
        },
        linterOptions: { noInlineConfig: true, reportUnusedDisableDirectives: 'off' },
        rules: { complexity: ['error', 0], 'max-lines-per-function': ['error', { max: 0, IIFEs: true }] },
      },
      'a.js',
    );
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

describe('measure beside ESLint 10', () => {
  it('finds the same functions with the same complexity and length in every file of well-known packages', {
    timeout: 300_000,
  }, () => {
    const linter = new Linter();
    const count = { files: 0, functions: 0, refused: 0, unread: 0 };
    const refused: string[] = [];
    for (const file of packages.flatMap((name) => sources(join(root, name)))) {
      const text = readFileSync(file, 'utf8');
      if (text.length > 200_000) continue;
      const ours = byUs(text);
      if (ours === undefined) {
        count.refused += 1;
        refused.push(file);
        continue;
      }
      const theirs = byEslint(linter, text);
      if (theirs === undefined) {
        count.unread += 1;
        continue;
      }
      expect(ours, file).toEqual(theirs);
      count.files += 1;
      count.functions += ours.complexity.length;
    }
    console.log(
      `compared ${count.functions} functions in ${count.files} files; refused ${count.refused}, unread by ESLint ${count.unread}`,
      refused.slice(0, 20),
    );
    expect(count.functions).toBeGreaterThan(5_000);
  });
});

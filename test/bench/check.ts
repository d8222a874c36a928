import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Linter } from 'eslint';
import { createAnalyser } from '../../src/analysis/analyser.ts';
import { checkSources } from '../../src/analysis/check-sources.ts';
import { plainRules } from '../../src/policies/code-rules.ts';
import { median, quantile, timed } from './support/figures.ts';
import { type BenchRow, type BenchTable, runWhenMain } from './support/table.ts';

const goalMs = 3;
const rounds = 200;
const warmUps = 100;
const blockRounds = 20;
const limits = plainRules({ complexity: 8, lines: 60 });
const broken = plainRules({ complexity: 1, lines: 60 });
// Real and dense code of about 300 lines.
const text = readFileSync(join(import.meta.dirname, '../../node_modules/pino/lib/transport.js'), 'utf8');

// Every version changes the last function, so that nothing is cached.
const version = (round: number): Buffer =>
  Buffer.from(`${text}\nfunction changed(a) { return a ? ${round} : 0; }\n`);

const lintConfig: Linter.Config = {
  languageOptions: { sourceType: 'commonjs' },
  rules: { complexity: ['error', 8], 'max-lines-per-function': ['error', 60] },
};

/** Calls `check` for each round of a block, and answers their times. */
async function block(first: number, check: (round: number) => Promise<unknown> | unknown): Promise<number[]> {
  const times: number[] = [];
  for (let round = first; round < first + blockRounds; round += 1)
    times.push(await timed(async () => check(round)));
  return times;
}

/**
 * Warm checks of a changed file of 300 lines beside ESLint's Linter with the same two rules, in turns of twenty: warm means
 * that each finds its own code and data in the caches of the processor, as within a push of many files.
 */
export async function run(): Promise<BenchTable> {
  const analyser = createAnalyser();
  const linter = new Linter();
  const of = (from: number, to: number) => ({ path: 'a.js', before: version(from), after: version(to) });
  const known = (round: number) => checkSources(analyser, [of(round - 1, round)], limits);
  // A limit that every function breaks makes the base count too; neither version was seen before.
  const both = (round: number) =>
    checkSources(analyser, [of(10_000 + 2 * round, 10_001 + 2 * round)], broken);
  const lint = (round: number) => linter.verify(version(round).toString(), lintConfig);
  const times = { known: [] as number[], both: [] as number[], eslint: [] as number[] };
  for (let first = 1; first <= rounds + warmUps; first += blockRounds) {
    const found = {
      known: await block(first, known),
      both: await block(first, both),
      eslint: await block(first, lint),
    };
    if (first <= warmUps) continue;
    times.known.push(...found.known);
    times.both.push(...found.both);
    times.eslint.push(...found.eslint);
  }
  analyser.close();
  const peer = median(times.eslint);
  const row = (what: string, list: number[], files: number): BenchRow => ({
    what,
    value: `${median(list).toFixed(2)} ms p50, ${quantile(list, 0.99).toFixed(2)} ms p99`,
    ratio: `${((files * peer) / median(list)).toFixed(1)} times as fast as ESLint`,
    goal: `at most ${files * goalMs} ms p50`,
    ok: median(list) <= files * goalMs,
  });
  const rows = [
    row('checkSources, changed file', times.known, 1),
    row('checkSources, both versions parsed: two files', times.both, 2),
    { what: "ESLint's Linter, complexity and max-lines-per-function", value: `${peer.toFixed(2)} ms p50` },
  ];
  return {
    title: `check of a changed ${version(0).toString().split('\n').length - 1}-line file, warm, worker round trip included`,
    rows,
  };
}

await runWhenMain(import.meta.url, run);

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
const limits = plainRules({ complexity: 8, lines: 60 });
// Real and dense code of about 300 lines.
const text = readFileSync(join(import.meta.dirname, '../../node_modules/pino/lib/transport.js'), 'utf8');

// Every version changes the last function, so that nothing is cached.
const version = (round: number): Buffer =>
  Buffer.from(`${text}\nfunction changed(a) { return a ? ${round} : 0; }\n`);

const lintConfig: Linter.Config = {
  languageOptions: { sourceType: 'commonjs' },
  rules: { complexity: ['error', 8], 'max-lines-per-function': ['error', 60] },
};

/** Warm checks of a changed file of 300 lines beside ESLint's Linter with the same two rules, in turns. */
export async function run(): Promise<BenchTable> {
  const analyser = createAnalyser();
  const linter = new Linter();
  const times = { known: [] as number[], both: [] as number[], eslint: [] as number[] };
  for (let round = 1; round <= rounds + warmUps; round += 1) {
    const isWarm = round > warmUps;
    const change = { path: 'a.js', before: version(round - 1), after: version(round) };
    const known = await timed(() => checkSources(analyser, [change], limits));
    // A limit that every function breaks makes the base count too; neither version was seen before.
    const fresh = { path: 'a.js', before: version(10_000 + 2 * round), after: version(10_001 + 2 * round) };
    const both = await timed(() => checkSources(analyser, [fresh], plainRules({ complexity: 1, lines: 60 })));
    const after = change.after.toString();
    const eslint = await timed(() => linter.verify(after, lintConfig));
    if (!isWarm) continue;
    times.known.push(known);
    times.both.push(both);
    times.eslint.push(eslint);
  }
  analyser.close();
  const peer = median(times.eslint);
  const row = (what: string, list: number[]): BenchRow => ({
    what,
    value: `${median(list).toFixed(2)} ms p50, ${quantile(list, 0.99).toFixed(2)} ms p99`,
    ratio: `${(peer / median(list)).toFixed(1)} times as fast as ESLint`,
    goal: `at most ${goalMs} ms p50`,
    ok: median(list) <= goalMs,
  });
  const rows = [
    row('checkSources, changed file', times.known),
    row('checkSources, both versions parsed', times.both),
    { what: "ESLint's Linter, complexity and max-lines-per-function", value: `${peer.toFixed(2)} ms p50` },
  ];
  return {
    title: `check of a changed ${version(0).toString().split('\n').length - 1}-line file, warm, worker round trip included`,
    rows,
  };
}

await runWhenMain(import.meta.url, run);

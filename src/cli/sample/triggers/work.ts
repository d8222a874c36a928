import { type Attempt, recipes } from '../work.ts';

const parseTest = `import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseAmount } from '../src/parse.js';

test('reads units and cents', () => {
  assert.equal(parseAmount('12.34'), 1234);
});

test('refuses what is no amount', () => {
  assert.throws(() => parseAmount('12 apples'));
});
`;

const parseBy = (body: string): Readonly<Record<string, string>> => ({
  'src/parse.js': `/** The cents of an amount such as 12.34; throws for anything else. */
export function parseAmount(text) {
${body}}
`,
  'test/parse.test.js': parseTest,
});

/** What the builder offers for `parse`: neither passes its gate. */
export const brokenBuilds: readonly Attempt[] = [
  { say: 'Number() will do', files: parseBy('  return Math.round(Number(text) * 100);\n') },
  { say: 'then parseFloat()', files: parseBy('  return Math.round(parseFloat(text) * 100);\n') },
];

const unknown: Attempt = { say: 'I know nothing about this task', files: {} };

/** How each task is carried out well. */
export const soundWork: Readonly<Record<string, Attempt>> = {
  guide: recipes.guide?.first[0] ?? unknown,
  parse: {
    say: 'both let anything through: the text has to be looked at first',
    files: parseBy(`  const found = /^(\\d+)(?:\\.(\\d\\d))?$/.exec(text);
  if (found === null) throw new TypeError('no amount: ' + text);
  return Number(found[1]) * 100 + Number(found[2] ?? 0);
`),
  },
  format: recipes.format?.again?.[0] ?? unknown,
};

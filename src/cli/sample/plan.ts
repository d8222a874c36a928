/** The plan of the sample: a small library for sums of money, in three phases. */
export const samplePlan = `# The plan of Andon's sample line.
version: 1
project: till
done: landed
phases: [design, build, polish]
lease: 5m
limits: { implementer: { complexity: 8, functionLines: 60 } }
gates:
  tests: { run: node --test, timeout: 2m }
agents:
  lead: { tier: executive, adapter: command, run: andon sample --agent lead, maxDuration: 5m }
  builder: { tier: implementer, adapter: command, run: andon sample --agent builder, maxDuration: 5m }
  reviewer: { tier: validator, adapter: command, run: andon sample --agent reviewer, maxDuration: 5m }
tasks:
  money:
    title: Amounts of money in cents
    phase: design
    write: ["src/money.js", "test/money.test.js"]
    gates: [tests]
  guide:
    title: Say what the library does
    phase: design
    write: ["docs/**"]
  parse:
    title: Read amounts that people type
    phase: build
    needs: [money]
    write: ["src/parse.js", "test/parse.test.js"]
    gates: [tests]
  total:
    title: Total of a cart with discounts
    phase: build
    needs: [money]
    write: ["src/total.js", "test/total.test.js"]
    gates: [tests]
  format:
    title: Show amounts to people
    phase: build
    needs: [parse]
    write: ["src/format.js", "test/format.test.js"]
    gates: [tests]
  receipt:
    title: Print a receipt
    phase: polish
    needs: [total, format]
    write: ["src/receipt.js", "test/receipt.test.js"]
    gates: [tests]
`;

/** The repository as it is before anybody works on it, but for its plan. */
export const sampleFiles: Readonly<Record<string, string>> = {
  'README.md': '# till\n\nSums of money without surprises. The sample project of Andon.\n',
  'package.json': `${JSON.stringify({ name: 'till', version: '0.0.0', private: true, type: 'module', scripts: { test: 'node --test' } }, undefined, 2)}\n`,
  'src/index.js': '/** Cents in one unit of a currency. */\nexport const centsPerUnit = 100;\n',
  'test/index.test.js': `import assert from 'node:assert/strict';
import { test } from 'node:test';
import { centsPerUnit } from '../src/index.js';

test('a unit has a hundred cents', () => {
  assert.equal(centsPerUnit, 100);
});
`,
};

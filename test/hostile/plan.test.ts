import { describe, expect, it } from 'vitest';
import { AndonError } from '../../src/lib/errors.ts';
import { checkPlan } from '../../src/plan/check.ts';
import { parsePlan } from '../../src/plan/parse.ts';
import { planJsonSchema } from '../../src/plan/plan.ts';
import { cpuClock } from '../support/cpu-clock.ts';

const head = 'version: 1\nproject: shop\ndone: landed\nphases: [build]\n';

/** The reasons that a text is refused with; a sentence of each. */
function faults(text: string): string[] {
  try {
    parsePlan(text);
  } catch (error) {
    if (!(error instanceof AndonError)) throw error;
    for (const { code } of error.reasons) expect(code).toBe('plan.invalid');
    return error.reasons.map(({ subject, found }) => `${subject}: ${found}`);
  }
  return [];
}

const nested = (open: string, close: string, depth: number): string =>
  `x: ${open.repeat(depth)}${close.repeat(depth)}\n`;
const bomb = `a: &a [x,x,x,x,x,x,x,x,x]\n${'bcdefghi'
  .split('')
  .map((name, i) => `${name}: &${name} [${Array(9).fill(`*${'abcdefgh'[i]}`).join(',')}]`)
  .join('\n')}\n`;

const attacks: [string, string][] = [
  ['an alias bomb', bomb],
  ['an alias to itself', 'a: &a [*a]\n'],
  ['a duplicate key', `${head}project: other\n`],
  [
    'a duplicate task',
    `${head}tasks:\n  a: { title: A, phase: build, write: [a] }\n  a: { title: B, phase: build, write: [b] }\n`,
  ],
  ['a merge key', `${head}base: &b { title: A, phase: build }\ntasks:\n  a: { <<: *b, write: [a] }\n`],
  ['a tag of another language', `${head}lease: !!js/function "function(){}"\n`],
  ['a tag nobody knows', `${head}lease: !spell 10m\n`],
  ['binary data', `${head}lease: !!binary aGVsbG8=\n`],
  ['NUL in a title', `${head}tasks: { a: { title: "a\\0b", phase: build, write: [a] } }\n`],
  ['NUL in the file', `${head}lease: 10m\u0000\n`],
  [
    'an escape sequence for the terminal in a title',
    `${head}tasks: { a: { title: "\\e[2J", phase: build, write: [a] } }\n`,
  ],
  ['half a surrogate pair', `${head}tasks: { a: { title: "\\uD800", phase: build, write: [a] } }\n`],
  ['100,000 brackets', nested('[', ']', 100_000)],
  ['100,000 braces', nested('{a: ', '}', 100_000)],
  ['100,000 dashes', `x:\n  ${'- '.repeat(100_000)}a\n`],
  ['10,000 levels of indentation', Array.from({ length: 2000 }, (_, i) => `${' '.repeat(i)}k:`).join('\n')],
  ['unclosed brackets', '['.repeat(100_000)],
  ['more than 1 MB', `${head}# ${'x'.repeat(1024 * 1024)}\n`],
  ['two documents', `${head}---\n${head}`],
  ['no mapping', '- 1\n- 2\n'],
  ['nothing', ''],
  ['a number', '42'],
  ['a task called __proto__', `${head}tasks: { __proto__: { title: A, phase: build, write: [a] } }\n`],
  ['a gate called constructor with a wrong shape', `${head}gates: { constructor: 1 }\n`],
  ['a name that climbs out', `${head.replace('shop', '../shop')}`],
  ['a name that ends in .lock', `${head}tasks: { a.lock: { title: A, phase: build, write: [a] } }\n`],
  ['a time limit that never fires', `${head}gates: { t: { run: x, timeout: 99999d } }\n`],
  ['a time limit of nothing', `${head}gates: { t: { run: x, timeout: 0ms } }\n`],
  ['a gate that is a command and a person', `${head}gates: { t: { run: x, by: human } }\n`],
  ['another version', head.replace('version: 1', 'version: 2')],
  ['infinity', `${head}limits: { wip: .inf }\n`],
  ['a string for a number', `${head}limits: { wip: "3" }\n`],
  ['a number for a string', head.replace('shop', '12')],
  ['a boolean for a list', head.replace('[build]', 'yes')],
];

describe('an andon.yaml that attacks its reader', () => {
  it.each(attacks)('is refused in bounded time: %s', (_name, text) => {
    const spentMs = cpuClock();
    const found = faults(text);
    expect(found.length).toBeGreaterThan(0);
    expect(found.length).toBeLessThanOrEqual(50);
    for (const sentence of found) expect(sentence.length).toBeLessThan(700);
    expect(spentMs()).toBeLessThan(3000);
  });

  it.each([
    ['the top', `${head}extra: 1\n`],
    ['a task', `${head}tasks: { a: { title: A, phase: build, write: [a], writes: [b] } }\n`],
    ['a gate', `${head}gates: { t: { run: x, timeOut: 1m } }\n`],
    ['the limits', `${head}limits: { implementor: {} }\n`],
    ['the limits of a tier', `${head}limits: { implementer: { complexty: 8 } }\n`],
    ['a budget', `${head}limits: { implementer: { budget: { euros: 1 } } }\n`],
    ['an agent', `${head}agents: { a: { tier: validator, ops: [] } }\n`],
  ])('is told of an unknown member in %s, by name', (_place, text) => {
    expect(faults(text).join()).toMatch(
      /extra|writes|timeOut|implementor|complexty|euros|ops|Unrecognized|Invalid/,
    );
  });

  it('must say what counts as done', () => {
    expect(faults(head.replace('done: landed\n', ''))[0]).toMatch(/^done: /);
    expect(faults(head)).toEqual([]);
  });

  it('finds no way around the check with names of object members', () => {
    const plan = parsePlan(
      `${head}tasks:\n  a: { title: A, phase: build, write: [a], needs: [constructor], gates: [constructor] }\n`,
    );
    expect(checkPlan(plan).map(({ code, found }) => [code, found])).toEqual([
      ['plan.reference', 'constructor'],
      ['plan.reference', 'constructor'],
    ]);
  });
});

describe('the published JSON schema', () => {
  it('describes every member that the schema of the code has', () => {
    const schema = planJsonSchema() as {
      required: string[];
      properties: Record<string, object>;
      additionalProperties: boolean;
    };
    expect(schema.required.sort()).toEqual(['done', 'phases', 'project', 'version']);
    expect(schema.additionalProperties).toBe(false);
    expect(Object.keys(schema.properties).sort()).toEqual(
      [
        'agents',
        'checks',
        'done',
        'gates',
        'landing',
        'lease',
        'limits',
        'models',
        'phases',
        'project',
        'protect',
        'tasks',
        'triggers',
        'upstream',
        'version',
      ].sort(),
    );
  });
});

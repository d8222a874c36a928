import { describe, expect, it } from 'vitest';
import { guardDiff } from '../../src/plan/guard-diff.ts';
import { humanOnly } from '../../src/plan/human-only.ts';
import { parsePlan } from '../../src/plan/parse.ts';
import { type Plan, planSchema } from '../../src/plan/plan.ts';
import { planHead } from '../support/plan-head.ts';

const text = `
${planHead()}
lease: 60s
limits: { wip: 4, runs: 10, implementer: { budget: { tokens: 100 } }, machine: { memory: 2GB } }
gates:
  tests: { run: npm test, timeout: 5m }
  look: { by: human }
protect: ["infra/**", "law/**"]
agents:
  builder:
    tier: implementer
    role: TESTER
    adapter: command
    run: agent
    write: ["src/**"]
    network: [registry.example.org]
    budget: { tokens: 1000 }
    maxDuration: 10m
  judge: { tier: validator, role: CODE_REVIEWER }
tasks:
  cart: { title: Cart, phase: build, write: ["src/cart/**"], gates: [tests, look], unprotect: [npm] }
  pay: { title: Pay, phase: build, write: ["src/pay/**"] }
triggers:
  nightly: { every: 1d, spawn: builder, maxDuration: 10m, mission: look around, perHour: 2 }
  alarm: { on: gate.ended, consecutive: 3, where: { data.passed: false }, cord: yellow }
  note: { on: change.landed, notify: "human:ada" }
  call: { on: change.landed, webhook: "https://example.org/a" }
`;
const before = parsePlan(text);
const diff = (from: string, to: string) => {
  if (!text.includes(from)) throw new Error(`the plan has no ${from}`);
  return guardDiff(before, parsePlan(text.replace(from, to)));
};
const line = (from: string, to: string): string =>
  diff(from, to)
    .map(({ where, before: was, after: is, weakens }) => `${weakens ? '!' : '='} ${where}: ${was} -> ${is}`)
    .join('\n');

/** Each row: a change of the text, and the one line that it makes. */
const weakening: [string, string, string][] = [
  ['  look: { by: human }\n', '', '! gates.look: by human -> null'],
  ['run: npm test', 'run: "true"', '! gates.tests.run: npm test -> true'],
  ['by: human', 'by: validator', '! gates.look.by: human -> validator'],
  ['{ by: human }', '{ run: "true" }', '! gates.look: by human -> true'],
  ['timeout: 5m', 'timeout: 600s', '! gates.tests.timeout: 5m -> 600s'],
  ['timeout: 5m', 'timeout: 5m, network: true', '! gates.tests.network: false -> true'],
  ['done: landed', 'done: landed\nlanding: { batch: 9 }', '! landing.batch: 8 -> 9'],
  ['done: landed', 'done: landed\nlanding: { retry: 2 }', '! landing.retry: 1 -> 2'],
  ['wip: 4', 'wip: 5', '! limits.wip: 4 -> 5'],
  ['done: landed', 'done: landed\nchecks: { tests: ["**"] }', '! checks.tests: null -> **'],
  [
    'done: landed',
    'done: landed\nchecks: { limits: [{ paths: [old/**], complexity: 9 }] }',
    '! checks.limits: null -> {"complexity":9,"paths":["old/**"]}',
  ],
  [
    'done: landed',
    'done: landed\nchecks: { exceptions: [{ path: a.ts, rule: source.opaque, until: 2027-01-31, reason: r }] }',
    '! checks.exceptions: null -> {"path":"a.ts","reason":"r","rule":"source.opaque","until":"2027-01-31"}',
  ],
  ['wip: 4, ', '', '! limits.wip: 4 -> null'],
  ['wip: 4', 'wip: 4, blobBytes: 200000000', '! limits.blobBytes: 104857600 (default) -> 200000000'],
  ['{ budget', '{ complexity: 50, budget', '! limits.implementer.complexity: 8 (default) -> 50'],
  ['{ tokens: 100 }', '{}', '! limits.implementer.budget.tokens: 100 -> null'],
  ['memory: 2GB', 'memory: 3000MB', '! limits.machine.memory: 2GB -> 3000MB'],
  ['{ memory: 2GB }', '{}', '! limits.machine.memory: 2GB -> 4000000000 (default)'],
  ['lease: 60s', 'lease: 2m', '! lease: 60s -> 2m'],
  ['done: landed', 'done: artefact', '! done: landed -> artefact'],
  ['"infra/**", ', '', '! protect: infra/** -> null'],
  ['"infra/**"', '"infra/prod/**"', '! protect: infra/** -> null\n= protect: null -> infra/prod/**'],
  ['gates: [tests, look]', 'gates: [tests]', '! tasks.cart.gates: tests, look -> tests'],
  ['[npm]', '[npm, make]', '! tasks.cart.unprotect: npm -> npm, make'],
  ['title: Pay', 'title: Pay, unprotect: [npm]', '! tasks.pay.unprotect: null -> npm'],
  ['title: Pay', 'title: Pay, done: approved', '! tasks.pay.done: landed -> approved'],
  [
    'triggers:\n',
    '  new: { title: N, phase: build, write: [n], unprotect: [npm] }\ntriggers:\n',
    '! tasks.new.unprotect: null -> npm',
  ],
  ['tier: validator, role: CODE_REVIEWER', 'tier: validator', '! agents.judge.role: CODE_REVIEWER -> null'],
  ['["src/**"]', '["src/**", "test/**"]', '! agents.builder.write: src/** -> src/**, test/**'],
  ['    write: ["src/**"]\n', '', '! agents.builder.write: src/** -> null'],
  ['[registry.example.org]', 'open', '! agents.builder.network: registry.example.org -> open'],
  ['run: agent', 'run: agent\n    pass: [KEY]', '! agents.builder.pass: null -> KEY'],
  ['run: agent', 'run: agent\n    skills: [rust]', '! agents.builder.skills: null -> rust'],
  ['maxDuration: 10m\n  judge', 'maxDuration: 1h\n  judge', '! agents.builder.maxDuration: 10m -> 1h'],
  ['run: agent', 'run: agent\n    flatTurns: 0', '! agents.builder.flatTurns: 3 -> 0'],
  ['run: agent', 'run: agent\n    autoTerminate: false', '! agents.builder.autoTerminate: true -> false'],
  ['run: agent', 'run: agent\n    retries: 5', '! agents.builder.retries: 2 -> 5'],
  ['run: agent', 'run: agent\n    pool: 4', '! agents.builder.pool: null -> 4'],
  ['{ tokens: 1000 }', '{ tokens: 2000 }', expect.stringMatching(/^! agents\.builder\.budget: /)],
  [
    'spawn: builder, maxDuration: 10m',
    'spawn: builder, maxDuration: 1h',
    '! triggers.nightly: {"maxDuration":"10m"} -> {"maxDuration":"1h"}',
  ],
  ['maxDuration: 10m, mission', 'mission', '! triggers.nightly: {"maxDuration":"10m"} -> {}'],
  ['perHour: 2', 'perHour: 9', '! triggers.nightly: {"perHour":2} -> {"perHour":9}'],
  ['perHour: 2', 'perHour: 2, autoTerminate: false', '! triggers.nightly: {} -> {"autoTerminate":false}'],
  ['spawn: builder', 'spawn: builder, role: DEBUGGER', '! triggers.nightly: {} -> {"role":"DEBUGGER"}'],
  ['org/a', 'org/b', expect.stringMatching(/^! triggers\.call: .*\/a.* -> .*\/b/)],
  ['notify: "human:ada"', 'command: deploy', expect.stringMatching(/^! triggers\.note: /)],
  ['cord: yellow', 'cord: yellow, paused: true', '! triggers.alarm: {"paused":false} -> {"paused":true}'],
  [/ {2}alarm: .*\n/.exec(text)?.[0] ?? '', '', expect.stringMatching(/^! triggers\.alarm: .* -> null$/)],
];

const others: [string, string, string][] = [
  ['by: human }', 'by: human }\n  lint: { run: lint }', '= gates.lint: null -> lint'],
  ['timeout: 5m', 'timeout: 4m', '= gates.tests.timeout: 5m -> 4m'],
  ['done: landed', 'done: landed\nlanding: { batch: 1 }', '= landing.batch: 8 -> 1'],
  ['wip: 4', 'wip: 3', '= limits.wip: 4 -> 3'],
  ['wip: 4', 'wip: 4, wipPerAgent: 2', '= limits.wipPerAgent: null -> 2'],
  [
    'done: landed',
    'done: landed\nchecks: { tests: ["src/**/*.test.ts"] }',
    '= checks.tests: null -> src/**/*.test.ts',
  ],
  ['{ budget', '{ complexity: 5, budget', '= limits.implementer.complexity: 8 (default) -> 5'],
  ['lease: 60s', 'lease: 30s', '= lease: 60s -> 30s'],
  ['"law/**"', '"law/**", "tax/**"', '= protect: null -> tax/**'],
  ['"infra/**", "law/**"', '"infra/**", "law/**", "**/package.json"', ''],
  ['[npm]', '[]', '= tasks.cart.unprotect: npm -> null'],
  [
    'phase: build, write: ["src/pay/**"]',
    'phase: build, write: ["src/pay/**"], gates: [tests]',
    '= tasks.pay.gates: null -> tests',
  ],
  ['role: TESTER', 'role: WRITER', '= agents.builder.role: TESTER -> WRITER'],
  [
    '["src/**"]',
    '["src/cart/**", "src/pay/**"]',
    '= agents.builder.write: src/** -> src/cart/**, src/pay/**',
  ],
  ['run: agent', 'run: other', '= agents.builder.run: agent -> other'],
  ['tasks:\n', 'models: { executive: other }\ntasks:\n', '= models.executive: opus -> other'],
  [
    'spawn: builder, maxDuration: 10m',
    'spawn: builder, maxDuration: 5m',
    '= triggers.nightly: {"maxDuration":"10m"} -> {"maxDuration":"5m"}',
  ],
  [
    'notify: "human:ada"',
    'notify: "human:bob"',
    '= triggers.note: {"notify":"human:ada"} -> {"notify":"human:bob"}',
  ],
  ['title: Cart', 'title: Basket', ''],
];

describe('what differs in the guards of two plans', () => {
  it.each(weakening)('weakens one: %j to %j', (from, to, expected) => {
    expect(line(from, to)).toEqual(expected);
  });

  it.each(others)('weakens none: %j to %j', (from, to, expected) => {
    expect(line(from, to)).toEqual(expected);
  });

  it('is nothing for the same plan, whatever the order of its members', () => {
    const turned = (value: unknown): unknown =>
      typeof value !== 'object' || value === null || Array.isArray(value)
        ? value
        : Object.fromEntries(
            Object.entries(value)
              .reverse()
              .map(([name, held]) => [name, turned(held)]),
          );
    expect(guardDiff(turned(before) as Plan, before)).toEqual([]);
  });

  it('names a first plan as one for people', () => {
    expect(guardDiff(undefined, before)).toEqual([
      { where: 'plan', before: null, after: 'the first plan, of 2 tasks', weakens: false, personOnly: true },
    ]);
  });

  it('shows what weakens first, and then what is for people', () => {
    const mixed = text
      .replace('wip: 4', 'wip: 3')
      .replace('notify: "human:ada"', 'notify: "human:bob"')
      .replace('on: gate.ended, consecutive: 3', 'on: gate.ended, consecutive: 4')
      .replace('cord: yellow', 'cord: red')
      .replace(
        'title: Cart, phase: build, write: ["src/cart/**"], gates: [tests, look]',
        'title: Cart, phase: build, write: ["src/cart/**"], gates: [look]',
      );
    const lines = guardDiff(before, parsePlan(mixed));
    expect(lines.map(({ where, weakens, personOnly }) => [where, weakens, personOnly])).toEqual([
      ['tasks.cart.gates', true, true],
      ['triggers.alarm', true, false],
      ['limits.wip', false, true],
      ['triggers.note', false, false],
    ]);
  });

  it('has a line for people for every member that only people change', () => {
    const changed = [...weakening, ...others].map(([from, to]) => parsePlan(text.replace(from, to)));
    for (const after of changed) {
      const people = humanOnly(before, after);
      const lines = guardDiff(before, after).filter(({ personOnly }) => personOnly);
      const hasLine = (member: string) =>
        lines.some(({ where }) => where === member || where.startsWith(`${member}.`));
      // The done state of the project is that of its tasks: one line says so.
      for (const member of people)
        expect(hasLine(member) || (/\.done$/.test(member) && hasLine('done')), member).toBe(true);
      expect(lines.length > 0).toBe(people.length > 0);
    }
  });

  it('shows of a long value the place that differs', () => {
    const long = 'x'.repeat(1000);
    const [found] = diff('run: npm test', `run: "${long}"`);
    expect(found?.after?.length).toBeLessThan(210);
    const one = planSchema.parse({ ...before, gates: { tests: { run: `${long}a` } }, tasks: {} });
    const other = planSchema.parse({ ...before, gates: { tests: { run: `${long}b` } }, tasks: {} });
    const [end] = guardDiff(one, other);
    expect(end?.before).toBe(`…${'x'.repeat(40)}a`);
    expect(end?.after).toBe(`…${'x'.repeat(40)}b`);
  });
});

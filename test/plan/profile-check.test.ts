import { describe, expect, it } from 'vitest';
import { checkPlan } from '../../src/plan/check.ts';
import { parsePlan } from '../../src/plan/parse.ts';

const faults = (agent: string, more = ''): string[] =>
  checkPlan(
    parsePlan(
      `version: 1\nproject: shop\ndone: landed\nphases: [build]\nagents:\n  one: { tier: implementer, ${agent} }\n${more}`,
    ),
  ).map(({ subject, found }) => `${subject}: ${found}`);

describe('the agent profiles of a plan', () => {
  it('have a role of their tier', () => {
    expect(faults('role: CODE_REVIEWER')).toEqual(['agents.one.role: CODE_REVIEWER']);
  });

  it('ask for metrics only of programs that are told where to send them', () => {
    expect(faults('usage: otel, adapter: codex')).toEqual(['agents.one.usage: otel with codex']);
    expect(faults('usage: otel')).toEqual(['agents.one.usage: otel with no adapter']);
    expect(faults('usage: otel, adapter: claude')).toEqual([]);
    expect(faults('usage: otel, adapter: command, run: x')).toEqual([]);
  });
});

describe('the context of a profile', () => {
  it('is bounded only where the program tells its size, and asks before it loads', () => {
    expect(faults('context: { tokens: 9000 }, adapter: codex')).toEqual([]);
    expect(faults('context: { tokens: 9000, folders: refused }, adapter: claude')).toEqual([]);
    expect(faults('context: { tokens: 9000 }, adapter: command, run: x')).toEqual([
      'agents.one.context.tokens: with command',
    ]);
    expect(faults('context: { tokens: 9000, folders: refused }')).toEqual([
      'agents.one.context.tokens: with no adapter',
      'agents.one.context.folders: with no adapter',
    ]);
    expect(faults('context: { folders: refused }, adapter: codex')).toEqual([
      'agents.one.context.folders: with codex',
    ]);
    expect(faults('context: { folders: allowed }')).toEqual([]);
  });
});

describe('the pool of a profile', () => {
  const adapter = 'adapter: command, run: x';

  it('has an adapter, a tier whose work waits in a queue, and at least one run', () => {
    expect(faults(`${adapter}, pool: 4`)).toEqual([]);
    expect(faults('pool: 4')).toEqual(['agents.one.pool: no adapter']);
    expect(faults('', `  lead: { tier: executive, ${adapter}, pool: 1 }\n`)).toEqual([
      'agents.lead.pool: executive',
    ]);
    for (const size of ['0', '1.5', '1001', '{ size: 2 }'])
      expect(() => faults(`${adapter}, pool: ${size}`), size).toThrow();
  });

  it('has the name of a trigger for itself', () => {
    const taken = 'triggers: { pool-one: { every: 1d, notify: "tier:human" } }\n';
    expect(faults(`${adapter}, pool: 4`, taken)).toEqual(['triggers.pool-one: the name of the pool of one']);
    expect(faults(adapter, taken)).toEqual([]);
    const long = 'a'.repeat(60);
    expect(faults('', `  ${long}: { tier: validator, ${adapter}, pool: 1 }\n`)).toEqual([
      `agents.${long}.pool: pool-${long}`,
    ]);
    expect(() => faults('', 'triggers: { x: { pool: 4, spawn: one } }\n')).toThrow();
  });
});

describe('what the progress of a task is judged by', () => {
  const plan = (progress: string): string =>
    `gates: { unit: { run: x }, review: { by: human } }\ntasks: { t: { title: T, phase: build, write: [src/a], progress: ${progress} } }\n`;
  const judged = (progress: string): string[] => faults('write: [src/a]', plan(progress));

  it('is a gate with a command', () => {
    expect(judged('{ tests: unit }')).toEqual([]);
    expect(judged('{ tests: review }')).toEqual(['tasks.t.progress.tests: review']);
    expect(judged('{ tests: other }')).toEqual(['tasks.t.progress.tests: other']);
    expect(judged('{ tests: constructor }')).toEqual(['tasks.t.progress.tests: constructor']);
  });

  it('is a file of the repository', () => {
    expect(judged('{ artefact: docs/report.md }')).toEqual([]);
    for (const path of ['../x', '/etc/passwd', '.git/config', 'a//b'])
      expect(() => judged(`{ artefact: "${path}" }`), path).toThrow();
  });
});

import { describe, expect, it } from 'vitest';
import { checkPlan } from '../../src/tasks/plan-check.ts';
import { parsePlan } from '../../src/tasks/plan-text.ts';

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

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  type ChangeEvent,
  type ChangeState,
  changeAfter,
  changeTransitions,
  type TaskEvent,
  type TaskState,
  taskAfter,
  taskTransitions,
} from '../../src/tasks/states.ts';

/** Every pair that leads somewhere; all others are refused. */
const tasks: Record<string, TaskState> = {
  'backlog ready': 'ready',
  'backlog abandon': 'abandoned',
  'ready unready': 'backlog',
  'ready claim': 'in_progress',
  'ready abandon': 'abandoned',
  'in_progress steal': 'in_progress',
  'in_progress release': 'ready',
  'in_progress expire': 'ready',
  'in_progress submit': 'gated',
  'in_progress abandon': 'abandoned',
  'gated refuse': 'ready',
  'gated finish': 'done',
};
const changes: Record<string, ChangeState> = {
  'gating gatesPassed': 'judging',
  'gating gateFailed': 'refused',
  'gating reject': 'refused',
  'gating rebuild': 'gating',
  'gating conflict': 'refused',
  'judging gateFailed': 'refused',
  'judging approve': 'approved',
  'judging reject': 'refused',
  'judging rebuild': 'gating',
  'judging conflict': 'refused',
  'approved intend': 'landing',
  'approved rebuild': 'gating',
  'approved conflict': 'refused',
  'approved accept': 'landed',
  'landing land': 'landed',
  'landing void': 'approved',
};

describe('the transitions of tasks and changes', () => {
  it('answers every pair of a task’s state and event as the table says', () => {
    for (const [state, row] of Object.entries(taskTransitions))
      for (const event of Object.keys(row))
        expect(taskAfter(state as TaskState, event as TaskEvent), `${state} ${event}`).toBe(
          tasks[`${state} ${event}`] ?? null,
        );
  });

  it('answers every pair of a change’s state and event as the table says', () => {
    for (const [state, row] of Object.entries(changeTransitions))
      for (const event of Object.keys(row))
        expect(changeAfter(state as ChangeState, event as ChangeEvent), `${state} ${event}`).toBe(
          changes[`${state} ${event}`] ?? null,
        );
  });

  it('leads from the beginning to an end, and from an end nowhere', () => {
    for (const end of ['done', 'abandoned'] as const)
      expect(Object.values(taskTransitions[end]).every((to) => to === null)).toBe(true);
    for (const end of ['landed', 'refused'] as const)
      expect(Object.values(changeTransitions[end]).every((to) => to === null)).toBe(true);
  });

  it('knows every statement that writes a state, so that none is added beside the table', () => {
    const root = new URL('../../src', import.meta.url).pathname;
    const found = readdirSync(root, { recursive: true, encoding: 'utf8' })
      .filter((path) => /\.(?:ts|sql)$/.test(path))
      .filter((path) =>
        /update (?:tasks|changes)(?: \w)? set state = /.test(readFileSync(join(root, path), 'utf8')),
      );
    expect(found.sort()).toEqual([
      'tasks/claim.ts',
      'tasks/lease.ts',
      'tasks/plan-apply.ts',
      'tasks/readiness.ts',
      'tasks/transition.ts',
    ]);
  });
});

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { afterMove } from '../../src/lib/moves.ts';
import { runEnds, runMoves, runStates } from '../../src/runs/states.ts';
import {
  type ChangeEvent,
  type ChangeState,
  changeAfter,
  changeEnds,
  changeMoves,
  changeStates,
  type TaskEvent,
  type TaskState,
  taskAfter,
  taskEnds,
  taskMoves,
  taskStates,
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
  'judging gateVoided': 'gating',
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
  'gating withdraw': 'refused',
  'judging withdraw': 'refused',
  'approved withdraw': 'refused',
  'approved gateFailed': 'refused',
  'approved accept': 'landed',
  'landing land': 'landed',
  'landing void': 'approved',
};

const taskEvents = Object.keys(taskMoves) as TaskEvent[];
const changeEvents = Object.keys(changeMoves) as ChangeEvent[];

describe('the transitions of tasks, changes and runs', () => {
  it('answers every pair of a task’s state and event as the table says', () => {
    for (const state of taskStates)
      for (const event of taskEvents)
        expect(taskAfter(state, event), `${state} ${event}`).toBe(tasks[`${state} ${event}`] ?? null);
    expect(taskEvents).toHaveLength(10);
  });

  it('answers every pair of a change’s state and event as the table says', () => {
    for (const state of changeStates)
      for (const event of changeEvents)
        expect(changeAfter(state, event), `${state} ${event}`).toBe(changes[`${state} ${event}`] ?? null);
    expect(changeEvents).toHaveLength(12);
  });

  it('answers every pair of a run’s state and event', () => {
    const answers = runStates.map((state) =>
      Object.values(runMoves).map((move) => afterMove<string>(move, state)),
    );
    expect(answers).toEqual([
      ['taken', null, 'ended'],
      [null, 'running', 'ended'],
      [null, 'running', 'ended'],
      [null, null, null],
    ]);
    expect(Object.keys(runEnds)).toEqual(['ended']);
  });

  it('leads from the beginning to an end, and from an end nowhere', () => {
    expect(Object.keys(taskEnds)).toEqual(['done', 'abandoned']);
    for (const end of Object.keys(taskEnds) as TaskState[])
      expect(taskEvents.every((event) => taskAfter(end, event) === null)).toBe(true);
    expect(Object.keys(changeEnds)).toEqual(['landed', 'refused']);
    for (const end of Object.keys(changeEnds) as ChangeState[])
      expect(changeEvents.every((event) => changeAfter(end, event) === null)).toBe(true);
  });

  it('is what every statement that writes a state is made from: none writes one by itself', () => {
    const root = new URL('../../src', import.meta.url).pathname;
    const moved = '(?:tasks|changes|runs)';
    const writes = [
      new RegExp(
        String.raw`\bupdate (?:only )?${moved}\b(?: \w+)?\s+set\s(?:(?!\b(?:where|from)\b)[^\`;])*?\bstate\s*=`,
        'i',
      ),
      new RegExp(String.raw`\binsert into ${moved}\b[^\`;]*\bdo update set\b[^\`;]*\bstate\s*=`, 'i'),
      new RegExp(String.raw`\.update\(${moved}\)\s*\.set\(\{[^}]*\bstate\b`),
    ];
    for (const text of [
      "update tasks t set epoch = 1,\n state = 'ready' where id = $1",
      'insert into runs (id) values ($1) on conflict (id) do update set state = excluded.state',
      "orm.update(changes).set({ note, state: 'landed' })",
    ])
      expect(
        writes.some((pattern) => pattern.test(text)),
        text,
      ).toBe(true);
    const found = readdirSync(root, { recursive: true, encoding: 'utf8' })
      .filter((path) => /\.(?:ts|sql)$/.test(path))
      .filter((path) => {
        const text = readFileSync(join(root, path), 'utf8');
        return writes.some((pattern) => pattern.test(text));
      });
    expect(found).toEqual([]);
  });
});

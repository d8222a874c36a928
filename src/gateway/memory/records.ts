import { z } from 'zod';
import { fail } from '../../lib/errors.ts';
import { type Pattern, patternsFor, patternsOf, type TaskPattern } from '../../memory/record/patterns.ts';
import { readCases, readRecordedTask } from '../../memory/record/read-record.ts';
import {
  periods,
  type RecordRow,
  recordOf,
  type TaskEstimate,
  taskEstimate,
} from '../../memory/record/record.ts';
import { contextsOf, type RunContext } from '../../runs/context.ts';
import { name, project } from '../admission/inputs.ts';
import { query, t } from '../admission/procedure.ts';
import type { Gateway } from '../services.ts';

/** The most attempts that an answer is made from: the latest. */
const casesMax = 5_000;
/** Those of an estimate: recent ones, since work changes. */
const recentMax = 100;

const kind = name.optional().describe('Only tasks of this kind');

/** The record of a project, and the number of attempts that it was made from. */
export interface RecordAnswer {
  readonly cases: number;
  readonly rows: readonly RecordRow[];
}

/** Records of agents by kind of task and profile, estimates and patterns from them. */
export function recordRouter(gateway: Gateway) {
  const { store } = gateway;
  return t.router({
    show: query(gateway, {
      action: 'task:read',
      description:
        'Tells how attempts went, by kind of task and profile: first-pass yield, attempts, time from claim to end, cost where it is known. No agent is named or ranked.',
      input: z.strictObject({
        project,
        kind,
        profile: name.optional().describe('Only attempts under this profile'),
        since: z.iso.datetime({ offset: true }).optional().describe('Only attempts that ended since'),
        every: z.enum(periods).default('all').describe('Length of the periods that it is told by'),
      }),
      answer: async (input): Promise<RecordAnswer> => {
        const since = input.since === undefined ? undefined : new Date(input.since);
        const asked = { kind: input.kind, profile: input.profile, since, limit: casesMax };
        const cases = await readCases(store, input.project, asked);
        return { cases: cases.length, rows: recordOf(cases, input.every) };
      },
    }),
    estimate: query(gateway, {
      action: 'task:read',
      description:
        'Estimates the minutes from claim to end of a task, by the finished ones of its kind: an interval that holds 85 of 100.',
      input: z.strictObject({ project, task: name }),
      answer: async (input): Promise<TaskEstimate & { readonly task: string; readonly kind: string }> => {
        const task = await readRecordedTask(store, input.project, input.task);
        if (task === undefined) throw fail('task.missing', `task/${input.task}`);
        const cases = await readCases(store, input.project, { kind: task.kind, limit: recentMax });
        return { task: input.task, kind: task.kind, ...taskEstimate(task.expectedMinutes, cases) };
      },
    }),
    context: query(gateway, {
      action: 'task:read',
      description:
        'Shows what the runs at a task loaded into their context, why, how large it was, and which of it shows a sign of use; used is a lower bound.',
      input: z.strictObject({ project, task: name, limit: z.number().int().min(1).max(20).default(3) }),
      answer: async (input): Promise<readonly Omit<RunContext, 'files'>[]> => {
        if ((await readRecordedTask(store, input.project, input.task)) === undefined)
          throw fail('task.missing', `task/${input.task}`);
        return contextsOf(store, input.project, input.task, input.limit);
      },
    }),
    patterns: query(gateway, {
      action: 'task:read',
      description:
        'Tells what goes with success and failure of attempts, by kind of task; with a task, which of it holds for that. No cause is claimed.',
      input: z.strictObject({ project, kind, task: name.optional().describe('A task to compare with') }),
      answer: async (input): Promise<readonly (Pattern | TaskPattern)[]> => {
        if (input.task === undefined)
          return patternsOf(await readCases(store, input.project, { kind: input.kind, limit: casesMax }));
        const task = await readRecordedTask(store, input.project, input.task);
        if (task === undefined) throw fail('task.missing', `task/${input.task}`);
        const cases = await readCases(store, input.project, { kind: task.kind, limit: casesMax });
        return patternsFor(task, patternsOf(cases));
      },
    }),
  });
}

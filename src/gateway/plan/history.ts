import { z } from 'zod';
import { guardDiff } from '../../plan/guard-diff.ts';
import { diffPlan, tasksOf } from '../../tasks/plan-diff.ts';
import { keptPlan, listPlans, planOf, revisionMax } from '../../tasks/plan-history.ts';
import { project } from '../admission/inputs.ts';
import { query } from '../admission/procedure.ts';
import type { Gateway } from '../services.ts';
import { shownTasks } from './comparison.ts';

/** An applied plan: its number, or the beginning of its hash. */
export const named = z
  .string()
  .regex(
    /^(\d{1,10}|[0-9a-f]{6,64})$/,
    'the number of an applied plan, or six characters of its hash or more',
  );

/** Lists the applied plans. */
export const historyProcedure = (gateway: Gateway) =>
  query(gateway, {
    action: 'plan:read',
    description: 'Lists the applied plans of a project, the latest first: who, when, why.',
    input: z.strictObject({
      project,
      before: z
        .number()
        .int()
        .min(1)
        .max(revisionMax)
        .default(revisionMax)
        .describe('Only earlier revisions'),
      limit: z.number().int().min(1).max(500).default(50),
    }),
    answer: (input) => listPlans(gateway.store, input.project, input),
  });

/** Shows an applied plan. */
export const revisionProcedure = (gateway: Gateway) =>
  query(gateway, {
    action: 'plan:read',
    description:
      'Shows an applied plan by its number or hash: who, when, why, its text, and the tasks that triggers had added to it.',
    input: z.strictObject({ project, revision: named.describe('Its number, or the beginning of its hash') }),
    answer: (input) => keptPlan(gateway.store, input.project, input.revision),
  });

/** Compares two applied plans. */
export const compareProcedure = (gateway: Gateway) =>
  query(gateway, {
    action: 'plan:read',
    description:
      'Compares two applied plans, changed guards first; without `to` with the latest, without both the latest with the one before.',
    input: z.strictObject({
      project,
      from: named.optional().describe('The earlier revision'),
      to: named.optional().describe('The later one; the applied plan when absent'),
    }),
    answer: async ({ project: name, from, to }) => {
      const latest = await listPlans(gateway.store, name, { before: revisionMax, limit: 2 });
      const numbers = latest.map(({ revision }) => String(revision));
      const one = await keptPlan(gateway.store, name, from ?? numbers[1] ?? numbers[0] ?? '0');
      const other = await keptPlan(gateway.store, name, to ?? numbers[0] ?? '0');
      const [before, after] = [planOf(one), planOf(other)];
      return {
        from: one.revision,
        to: other.revision,
        guards: guardDiff(before, after),
        ...shownTasks(diffPlan(after, tasksOf(before), before)),
      };
    },
  });

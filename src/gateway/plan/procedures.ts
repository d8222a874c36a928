import { z } from 'zod';
import { readPlan, storedTasks } from '../../tasks/plan-apply.ts';
import { readProject } from '../../tasks/rows.ts';
import { listTriggers } from '../../triggers/rows.ts';
import { project } from '../admission/inputs.ts';
import { query, t } from '../admission/procedure.ts';
import type { Gateway } from '../services.ts';
import { planText, putProcedure, revertProcedure } from './apply.ts';
import { compared, shown } from './comparison.ts';
import { compareProcedure, historyProcedure, revisionProcedure } from './history.ts';
import { soundPlan } from './sound-plan.ts';

/** The plan: tasks, their order, and their limits. */
export function planRouter(gateway: Gateway) {
  return t.router({
    show: query(gateway, {
      action: 'plan:read',
      description: 'Shows the applied plan of a project.',
      input: z.strictObject({ project }),
      answer: async (input) => {
        const row = await readProject(gateway.store, input.project);
        return { revision: row?.planRevision ?? 0, hash: row?.planHash ?? null, plan: row?.plan ?? null };
      },
    }),
    diff: query(gateway, {
      action: 'plan:read',
      description:
        'Shows the changes that applying a plan would make, changed guards first, and the reasons against it.',
      input: z.strictObject({ project, text: planText }),
      answer: async (input) => {
        const { store } = gateway;
        const given = soundPlan(input.text, input.project);
        return shown(
          compared(given, {
            stored: await storedTasks(store, input.project),
            before: await readPlan(store, input.project),
            rows: await listTriggers(store, input.project),
          }),
        );
      },
    }),
    // tRPC reserves the name apply.
    put: putProcedure(gateway),
    history: historyProcedure(gateway),
    revision: revisionProcedure(gateway),
    compare: compareProcedure(gateway),
    revert: revertProcedure(gateway),
  });
}

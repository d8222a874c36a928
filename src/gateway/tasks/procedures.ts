import { and, asc, eq } from 'drizzle-orm';
import { z } from 'zod';
import { fail } from '../../lib/errors.ts';
import { readHistory } from '../../tasks/attempts.ts';
import { taskColumns } from '../../tasks/rows.ts';
import { questions, taskNeeds, tasks } from '../../tasks/schema.ts';
import { taskStates } from '../../tasks/states.ts';
import { name, project } from '../admission/inputs.ts';
import { query, t } from '../admission/procedure.ts';
import type { Gateway } from '../services.ts';
import { claimProcedure } from './claim.ts';
import { abandonProcedure, releaseProcedure, renewProcedure, stealProcedure } from './lease.ts';
import { pageProcedure } from './page.ts';
import { answerProcedure, askProcedure } from './questions.ts';
import { waitingProcedure } from './waiting.ts';

/** Claims and leases: work is pulled, held for a time, given back or offered. */
export function taskRouter(gateway: Gateway) {
  const { store } = gateway;
  return t.router({
    list: query(gateway, {
      action: 'task:read',
      description: 'Lists the tasks of a project with state, holder and lease.',
      input: z.strictObject({
        project,
        state: z.enum(taskStates).optional(),
      }),
      answer: async (input) => {
        const where =
          input.state === undefined
            ? eq(tasks.project, input.project)
            : and(eq(tasks.project, input.project), eq(tasks.state, input.state));
        return store.orm.select(taskColumns).from(tasks).where(where).orderBy(asc(tasks.position));
      },
    }),
    show: query(gateway, {
      action: 'task:read',
      description:
        'Shows one task: what is wanted, scope, needs, gates, holder, questions, and how earlier attempts ended.',
      input: z.strictObject({ project, task: name }),
      answer: async (input) => {
        const [row] = await store.orm
          .select()
          .from(tasks)
          .where(and(eq(tasks.project, input.project), eq(tasks.id, input.task)));
        if (row === undefined) throw fail('task.missing', `task/${input.task}`);
        const needs = await store.orm
          .select({ needs: taskNeeds.needs })
          .from(taskNeeds)
          .where(and(eq(taskNeeds.project, input.project), eq(taskNeeds.task, input.task)));
        const open = await store.orm
          .select()
          .from(questions)
          .where(and(eq(questions.project, input.project), eq(questions.task, input.task)));
        const history = await readHistory(store, input.project, input.task);
        return { ...row, needs: needs.map((need) => need.needs), questions: open, ...history };
      },
    }),
    page: pageProcedure(gateway),
    waiting: waitingProcedure(gateway),
    claim: claimProcedure(gateway),
    renew: renewProcedure(gateway),
    release: releaseProcedure(gateway),
    steal: stealProcedure(gateway),
    ask: askProcedure(gateway),
    answer: answerProcedure(gateway),
    abandon: abandonProcedure(gateway),
  });
}

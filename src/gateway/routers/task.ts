import { and, asc, eq } from 'drizzle-orm';
import { z } from 'zod';
import { fail } from '../../lib/errors.ts';
import { questions, taskNeeds, tasks } from '../../tasks/schema.ts';
import { waitingFor } from '../../tasks/waiting.ts';
import type { Gateway } from '../door/gateway.ts';
import { query, t } from '../door/procedure.ts';
import { name, project } from './inputs.ts';
import { claimProcedure } from './task-claim.ts';
import { abandonProcedure, releaseProcedure, renewProcedure, stealProcedure } from './task-lease.ts';
import { answerProcedure, askProcedure } from './task-question.ts';

/** Claims and leases: work is pulled, held for a time, given back or offered. */
export function taskRouter(gateway: Gateway) {
  return t.router({
    list: query(gateway, {
      action: 'task:read',
      description: 'Lists the tasks of a project with state, holder and lease.',
      input: z.strictObject({
        project,
        state: z.enum(['backlog', 'ready', 'in_progress', 'gated', 'done', 'abandoned']).optional(),
      }),
      answer: async ({ store }, input) => {
        const where =
          input.state === undefined
            ? eq(tasks.project, input.project)
            : and(eq(tasks.project, input.project), eq(tasks.state, input.state));
        return store.orm.select().from(tasks).where(where).orderBy(asc(tasks.position));
      },
    }),
    show: query(gateway, {
      action: 'task:read',
      description: 'Shows one task: scope, needs, gates, holder, open questions and what it waits for.',
      input: z.strictObject({ project, task: name }),
      answer: async ({ store }, input) => {
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
        return { ...row, needs: needs.map((need) => need.needs), questions: open };
      },
    }),
    waiting: query(gateway, {
      action: 'task:read',
      description:
        'Tells, for every task that is not done, what it waits for: tasks, a phase, a person, a verdict.',
      input: z.strictObject({ project }),
      answer: ({ store }, input) => waitingFor(store, input.project),
    }),
    claim: claimProcedure(gateway),
    renew: renewProcedure(gateway),
    release: releaseProcedure(gateway),
    steal: stealProcedure(gateway),
    ask: askProcedure(gateway),
    answer: answerProcedure(gateway),
    abandon: abandonProcedure(gateway),
  });
}

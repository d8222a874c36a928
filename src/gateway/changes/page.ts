import { and, desc, eq, inArray, lt, sql } from 'drizzle-orm';
import { z } from 'zod';
import { mergeTitle } from '../../changes/open-merge.ts';
import { changes, tasks } from '../../tasks/schema.ts';
import { changeStates } from '../../tasks/states.ts';
import { id, name, project } from '../admission/inputs.ts';
import { query } from '../admission/procedure.ts';
import type { Gateway } from '../services.ts';

/** The procedure `change.page`: changes by the page, in any of several states. */
export function changePageProcedure(gateway: Gateway) {
  const { store, feed } = gateway;
  return query(gateway, {
    action: 'change:read',
    description: 'Shows changes by the page, the newest first, in any of the named states.',
    input: z.strictObject({
      project,
      states: z
        .array(z.enum(changeStates))
        .min(1)
        .max(changeStates.length)
        .optional()
        .describe('Only in these states; in any without'),
      task: name.optional(),
      cursor: id.optional().describe('The `next` of the page before'),
      limit: z.number().int().min(1).max(200).default(50),
    }),
    answer: async (input) => {
      const { position } = feed;
      const where = and(
        input.project === '*' ? undefined : eq(changes.project, input.project),
        input.states === undefined ? undefined : inArray(changes.state, input.states),
        input.task === undefined ? undefined : eq(changes.task, input.task),
        input.cursor === undefined ? undefined : lt(changes.id, input.cursor),
      );
      // Ids sort by the time at which they were made.
      const found = await store.orm
        .select({
          id: changes.id,
          project: changes.project,
          task: changes.task,
          title: sql<string>`coalesce(${tasks.title}, ${mergeTitle})`,
          state: changes.state,
          author: changes.author,
          epoch: changes.epoch,
          rebuilt: changes.rebuilt,
          note: changes.note,
          createdAt: changes.createdAt,
          stateAt: changes.stateAt,
        })
        .from(changes)
        .leftJoin(tasks, and(eq(tasks.project, changes.project), eq(tasks.id, changes.task)))
        .where(where)
        .orderBy(desc(changes.id))
        .limit(input.limit + 1);
      const rows = found.slice(0, input.limit);
      return { position, rows, ...(found.length > input.limit && { next: rows.at(-1)?.id }) };
    },
  });
}

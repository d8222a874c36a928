import { and, asc, eq, gt, isNull } from 'drizzle-orm';
import { z } from 'zod';
import { questions } from '../../tasks/schema.ts';
import { id, name, project } from '../admission/inputs.ts';
import { query, t } from '../admission/procedure.ts';
import type { Gateway } from '../services.ts';

/** Questions about tasks. */
export function questionRouter(gateway: Gateway) {
  const { store, feed } = gateway;
  return t.router({
    list: query(gateway, {
      action: 'task:read',
      description:
        'Lists the questions of a project with their texts and answers, the oldest first, by the page.',
      input: z.strictObject({
        project,
        open: z.boolean().default(true).describe('Only those without an answer'),
        task: name.optional(),
        cursor: id.optional().describe('The `next` of the page before'),
        limit: z.number().int().min(1).max(200).default(50),
      }),
      answer: async (input) => {
        const { position } = feed;
        const where = and(
          input.project === '*' ? undefined : eq(questions.project, input.project),
          input.open ? isNull(questions.answer) : undefined,
          input.task === undefined ? undefined : eq(questions.task, input.task),
          input.cursor === undefined ? undefined : gt(questions.id, input.cursor),
        );
        // Ids sort by the time at which they were made.
        const found = await store.orm
          .select()
          .from(questions)
          .where(where)
          .orderBy(asc(questions.id))
          .limit(input.limit + 1);
        const rows = found.slice(0, input.limit);
        return { position, rows, ...(found.length > input.limit && { next: rows.at(-1)?.id }) };
      },
    }),
  });
}

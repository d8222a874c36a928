import { z } from 'zod';
import { fail } from '../../lib/errors.ts';
import { readJson } from '../../lib/json.ts';
import { taskStates } from '../../tasks/states.ts';
import { type PagedTask, type PagePlace, readTaskPage, taskOrders } from '../../tasks/task-page.ts';
import { name, principal, project, text } from '../admission/inputs.ts';
import { query } from '../admission/procedure.ts';
import type { Gateway } from '../services.ts';

/** A page of tasks, the position of the log that it was read at, and the cursor of the next page. */
export interface TaskPageAnswer {
  readonly position: number;
  readonly rows: readonly PagedTask[];
  readonly total: number;
  readonly next?: string;
}

const q = z
  .strictObject({
    states: z
      .array(z.enum(taskStates))
      .min(1)
      .max(taskStates.length)
      .optional()
      .describe('Only in these states'),
    phase: name.optional().describe('Only of this phase'),
    holder: principal.optional().describe('Only held by this principal'),
    text: text(200).optional().describe('Part of the name or the title'),
    overdue: z.boolean().optional().describe('Only past their deadline'),
    blocked: z.boolean().optional().describe('Only with something that they wait for'),
  })
  .default({})
  .describe('The tasks to show; all of them without');

const cursorOf = (place: PagePlace): string => Buffer.from(JSON.stringify(place)).toString('base64url');

/** The place that a cursor names. Errors: `request.invalid`. */
function placeOf(cursor: string): PagePlace {
  const read = readJson(Buffer.from(cursor, 'base64url').toString('utf8'));
  const value = read.fault === undefined ? read.value : undefined;
  if (Array.isArray(value) && value.length === 2) {
    const [key, id] = value as unknown[];
    if (typeof key === 'string' && /^-?\d{1,20}(?:\.\d{1,10})?$/.test(key) && typeof id === 'string')
      return [key, id];
  }
  throw fail('request.invalid', 'cursor', { found: cursor.slice(0, 100), limit: 'the `next` of a page' });
}

/** The procedure `task.page`: tasks by the page, without scopes and texts. */
export function pageProcedure(gateway: Gateway) {
  const { store, feed } = gateway;
  return query(gateway, {
    action: 'task:read',
    description: 'Shows tasks by the page, with what each waits for; scopes and texts are in task.show.',
    input: z.strictObject({
      project,
      q,
      sort: z.enum(taskOrders).default('position').describe('Order of the rows'),
      cursor: text(300).optional().describe('The `next` of the page before'),
      limit: z.number().int().min(1).max(500).default(100),
    }),
    answer: async (input): Promise<TaskPageAnswer> => {
      const { position } = feed;
      const after = input.cursor === undefined ? undefined : placeOf(input.cursor);
      const asked = { order: input.sort, after, limit: input.limit };
      const { rows, total, last } = await readTaskPage(store, input.project, input.q, asked);
      return { position, rows, total, ...(last !== undefined && { next: cursorOf(last) }) };
    },
  });
}

import { defined } from '../../lib/defined.ts';
import { jsonText } from '../../store/events.ts';
import { newId } from '../../store/ids.ts';
import { statement } from '../../store/store.ts';
import type { Firing, TriggerActionPort } from '../ports.ts';

const put = statement(
  'triggers.putDelivery',
  `insert into trigger_deliveries (id, project, trigger, slot, kind, target, body, state)
   values ($1, $2, $3, $4, $5, $6, $7, 'waiting')`,
);

/** What goes outside is only written down here: it is sent after the commit, by whichever gateway takes it. */
export const deliver: TriggerActionPort<undefined> = {
  needs: 'trigger:create',
  facts: async () => undefined,
  reasons: () => [],
  make: async (tx, firing) => {
    const { row, action, slot } = firing;
    const id = newId('delivery');
    const kind = action.webhook === undefined ? 'command' : 'webhook';
    const target = action.webhook ?? action.command ?? '';
    await tx.rows(put, [id, row.project, row.id, slot, kind, target, bodyOf(id, firing)]);
    return {};
  },
};

/** What a receiver gets, the same at every try. */
const bodyOf = (id: string, { row, slot, cause, now }: Firing): string =>
  jsonText({
    delivery: id,
    project: row.project,
    trigger: row.name,
    slot,
    at: now.toISOString(),
    ...defined({ event: cause.event, task: cause.task }),
  });

import { allowed } from '../../../lib/decision.ts';
import { defined } from '../../../lib/defined.ts';
import { newId } from '../../../process/new-id.ts';
import { jsonText } from '../../../store/log/events.ts';
import { statement, type Tx } from '../../../store/store.ts';
import { actionPort, type Firing } from '../ports.ts';

const put = statement(
  'triggers.putDelivery',
  `insert into trigger_deliveries (id, project, trigger, slot, kind, target, body, state)
   values ($1, $2, $3, $4, $5, $6, $7, 'waiting')`,
);

/** Stores a delivery to the outside: it is sent after the commit, by the gateway that takes it. */
async function write(tx: Tx, kind: 'webhook' | 'command', firing: Firing, target: string): Promise<object> {
  const { row, slot } = firing;
  const id = newId('delivery');
  await tx.rows(put, [id, row.project, row.id, slot, kind, target, bodyOf(id, firing)]);
  return {};
}

/** A signed POST to a URL. */
export const webhook = actionPort('webhook', {
  needs: 'trigger:create',
  decide: ({ action }) => allowed(action.url),
  make: (tx, firing, url) => write(tx, 'webhook', firing, url),
});

/** Starts a command that the operator named when the gateway was started. */
export const command = actionPort('command', {
  needs: 'trigger:create',
  decide: ({ action }) => allowed(action.command),
  make: (tx, firing, name) => write(tx, 'command', firing, name),
});

/** The body that a receiver gets, the same at every try. */
const bodyOf = (id: string, { row, slot, cause, now }: Firing): string =>
  jsonText({
    delivery: id,
    project: row.project,
    trigger: row.name,
    slot,
    at: now.toISOString(),
    ...defined({ event: cause.event, task: cause.task }),
  });

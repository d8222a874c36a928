import { createHash } from 'node:crypto';
import { defined } from '../../lib/defined.ts';
import { newId } from '../../process/new-id.ts';
import { appendEvents, draftOf, event, jsonText } from '../../store/log/events.ts';
import { statement, type Tx } from '../../store/store.ts';
import type { Call, Denial } from './admission.ts';
import { tellViolation } from './violation.ts';

// A denial that repeats within ten minutes is counted in its row; after that it is recorded as a new one.
const count = statement(
  'denials.count',
  `insert into denials (project, principal, fingerprint, event) values ($1, $2, $3, $4)
   on conflict (project, principal, fingerprint) do update set
     count = case when denials.last_at < andon_now() - interval '10 minutes' then 1 else denials.count + 1 end,
     event = case when denials.last_at < andon_now() - interval '10 minutes' then excluded.event else denials.event end,
     last_at = andon_now()
   returning count`,
);

/**
 * Records a denial as an event, or counts it when the same denial was recorded shortly before. Part of the
 * call's transaction.
 */
export async function recordDenial(tx: Tx, call: Call, denied: Denial): Promise<void> {
  const id = newId('event');
  const [row] = await tx.rows<{ count: number }>(count, [
    denied.project,
    call.grant.sub,
    fingerprint(denied),
    id,
  ]);
  if (row?.count !== 1) return;
  await tellViolation(tx, call.grant, denied);
  const { grant, requestId } = call;
  const { project, action, subject, reasons } = denied;
  const head = {
    project,
    actor: grant.sub,
    gid: grant.grantId,
    action,
    allowed: false,
    ...defined({ requestId }),
  };
  const said = event('call.denied', subject, { tier: grant.cap.tier, reasons });
  appendEvents(tx, [draftOf(head, said, id)]);
}

function fingerprint({ action, subject, reasons }: Denial): string {
  return createHash('sha256')
    .update(jsonText([action, subject, reasons.map(({ code, subject: about }) => [code, about])]))
    .digest('hex');
}

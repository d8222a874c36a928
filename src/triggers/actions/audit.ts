import { gatewayEvent } from '../../gateway/line/gateway-event.ts';
import { defined } from '../../lib/defined.ts';
import { durationMs } from '../../lib/durations.ts';
import { requestAudit } from '../../line/oversight/rows.ts';
import type { TriggerActionPort } from '../ports.ts';

/** Asks for an audit, which the next gateway that is free carries out. */
export const audit: TriggerActionPort<undefined> = {
  needs: 'audit:run',
  facts: async () => undefined,
  reasons: () => [],
  make: async (tx, { row, action }) => {
    const { audit: kind, over } = action;
    if (kind === undefined) throw new Error('an audit of no kind was fired');
    const options = defined({ overMs: over === undefined ? undefined : durationMs(over) });
    const { project, id: trigger, owner } = row;
    const asked = await requestAudit(tx, { project, kind, options, askedBy: owner, trigger });
    const requested = {
      ...gatewayEvent(project, 'audit.requested', `audit/${asked}`),
      data: { kind, trigger },
    };
    return { made: `audit/${asked}`, events: [requested] };
  },
};

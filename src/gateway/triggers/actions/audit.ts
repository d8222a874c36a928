import { requestAudit } from '../../../audits/rows.ts';
import { allowed } from '../../../lib/decision.ts';
import { defined } from '../../../lib/defined.ts';
import { durationMs } from '../../../lib/durations.ts';
import { event, gatewayEvent } from '../../../store/log/events.ts';
import { actionPort } from '../ports.ts';

/** Requests an audit, which the next free gateway carries out. */
export const audit = actionPort('audit', {
  needs: 'audit:run',
  decide: ({ action }) => allowed(action),
  make: async (tx, { row }, { audit: kind, over }) => {
    const options = defined({ overMs: over === undefined ? undefined : durationMs(over) });
    const { project, id: trigger, owner } = row;
    const asked = await requestAudit(tx, { project, kind, options, askedBy: owner, trigger });
    const requested = event('audit.requested', `audit/${asked}`, { kind, trigger });
    return { made: `audit/${asked}`, events: [gatewayEvent(project, requested)] };
  },
});

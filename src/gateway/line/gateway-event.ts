import type { EventDraft } from '../../store/events.ts';
import { newId } from '../../store/ids.ts';

/** An event of what Andon does by itself. */
export const gatewayEvent = (project: string, type: EventDraft['type'], subject: string): EventDraft => ({
  id: newId('event'),
  project,
  type,
  actor: 'gateway',
  subject,
});

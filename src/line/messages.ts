import { jsonText } from '../store/events.ts';
import { newId } from '../store/ids.ts';
import { statement, type Tx } from '../store/store.ts';

/** Why somebody is written to. */
export type MessageKind = 'blocker' | 'question' | 'stop' | 'deadline' | 'alert' | 'report' | 'run' | 'note';

/** A message to an agent or a person by name, or to everybody of a tier (`tier:executive`). */
export interface MessageDraft {
  readonly project: string;
  readonly recipient: string;
  readonly kind: MessageKind;
  /** What it is about: `task/cart-api`, `run/run_…`. */
  readonly subject: string;
  readonly title: string;
  readonly body: string;
  readonly data?: Record<string, unknown>;
}

const put = statement(
  'messages.put',
  `insert into messages (id, project, recipient, kind, subject, title, body, data)
   values ($1, $2, $3, $4, $5, $6, $7, $8::jsonb)`,
);

/** Puts a message into the inbox of its recipient, in the transaction of what it tells about. Returns its id. */
export async function sendMessage(tx: Tx, draft: MessageDraft): Promise<string> {
  const id = newId('message');
  const { project, recipient, kind, subject, title, body, data = {} } = draft;
  await tx.rows(put, [id, project, recipient, kind, subject, title.slice(0, 300), body, jsonText(data)]);
  return id;
}

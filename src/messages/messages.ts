import { newId } from '../process/new-id.ts';
import { columnsOf } from '../store/columns.ts';
import { jsonText } from '../store/log/events.ts';
import { type Session, statement, type Tx } from '../store/store.ts';
import { type MessageKind, messages } from './schema.ts';

/** A message to an agent or a person by name, or to everybody of a tier (`tier:executive`). */
export interface MessageDraft {
  readonly project: string;
  readonly recipient: string;
  readonly kind: MessageKind;
  /** The thing that the message is about: `task/cart-api`, `run/run_…`. */
  readonly subject: string;
  readonly title: string;
  readonly body: string;
  readonly data?: Record<string, unknown>;
}

const put = statement(
  'messages.put',
  `insert into messages (id, project, recipient, kind, subject, title, body, data)
   select m->>'id', m->>'project', m->>'recipient', m->>'kind', m->>'subject', m->>'title', m->>'body', m->'data'
   from jsonb_array_elements($1::jsonb) as given(m)`,
);

/**
 * Puts a message into the inbox of its recipient, in the transaction of the event that it reports. Returns
 * the id of the message.
 */
export async function sendMessage(tx: Tx, draft: MessageDraft): Promise<string> {
  const [id = ''] = await sendMessages(tx, [draft]);
  return id;
}

/** Sends several messages as `sendMessage` does, in one statement. */
export async function sendMessages(tx: Tx, drafts: readonly MessageDraft[]): Promise<string[]> {
  const rows = drafts.map((draft) => ({
    data: {},
    ...draft,
    id: newId('message'),
    title: draft.title.slice(0, 300),
  }));
  if (rows.length > 0) await tx.rows(put, [jsonText(rows)]);
  return rows.map(({ id }) => id);
}

const leftOut = ['project'] as const;

/** A message as its reader sees it. */
export type MessageRow = Readonly<Omit<typeof messages.$inferSelect, (typeof leftOut)[number]>>;

const inbox = statement(
  'messages.inbox',
  `select ${columnsOf(messages, leftOut)} from messages
   where ($1 = '*' or project = $1) and recipient = any($2::text[]) and ($3 or read_at is null) order by at desc, id desc limit $4`,
);
const mark = statement(
  'messages.mark',
  `update messages set read_at = andon_now(), read_by = $4
   where project = $1 and recipient = any($2::text[]) and read_at is null
     and id = any($3::text[]) returning id`,
);

/** The recipients whose messages a reader sees: the reader by name, and the reader's tier. */
export const readerOf = (principal: string, tier: string): string[] => [principal, `tier:${tier}`];

/** The messages of a reader, the newest first; with `all`, read ones too. */
export const readInbox = (
  session: Session,
  project: string,
  recipients: readonly string[],
  { all, limit }: { readonly all: boolean; readonly limit: number },
): Promise<MessageRow[]> => session.rows<MessageRow>(inbox, [project, recipients, all, limit]);

/**
 * Marks messages of the reader as read; a message to a tier is read once any of the tier has read it. Answers
 * the ids that were marked.
 */
export async function markRead(
  tx: Tx,
  project: string,
  recipients: readonly string[],
  ids: readonly string[],
  by: string,
): Promise<string[]> {
  const rows = await tx.rows<{ id: string }>(mark, [project, recipients, ids, by]);
  return rows.map(({ id }) => id);
}

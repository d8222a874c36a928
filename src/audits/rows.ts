import { newId } from '../process/new-id.ts';
import { columnsOf } from '../store/columns.ts';
import { jsonText } from '../store/log/events.ts';
import { type Session, statement, type Tx } from '../store/store.ts';
import type { AuditFinding, AuditKind, AuditOptions } from './kinds.ts';
import { audits } from './schema.ts';

const leftOut = ['worker', 'aliveAt'] as const;

/** A row of the table of audits. */
export type AuditRow = Readonly<Omit<typeof audits.$inferSelect, (typeof leftOut)[number]>>;

const columns = columnsOf(audits, leftOut);

const put = statement(
  'audits.put',
  `insert into audits (id, project, kind, options, state, asked_by, trigger) values ($1, $2, $3, $4::jsonb, 'waiting', $5, $6)`,
);

/** A request for an audit. */
export interface AuditRequest {
  readonly project: string;
  readonly kind: AuditKind;
  readonly options?: AuditOptions;
  readonly askedBy: string;
  readonly trigger?: string | undefined;
}

/**
 * Writes a request for an audit, in the transaction of its principal; a gateway carries the audit out.
 * Returns its id.
 */
export async function requestAudit(tx: Tx, request: AuditRequest): Promise<string> {
  const id = newId('audit');
  const { project, kind, options = {}, askedBy, trigger = null } = request;
  await tx.rows(put, [id, project, kind, jsonText(options), askedBy, trigger]);
  return id;
}

const take = statement(
  'audits.take',
  `update audits set state = 'running', worker = $1, alive_at = andon_now()
   where id = (select id from audits where state = 'waiting' or (state = 'running' and alive_at < andon_now() - interval '10 minutes')
     order by requested_at limit 1 for update skip locked)
   returning ${columns}`,
);
const end = statement(
  'audits.end',
  `update audits set state = $3, ended_at = andon_now(), from_position = $4, to_position = $5, alert = $6, title = $7, body = $8,
     result = $9::jsonb where id = $1 and worker = $2 and state = 'running' returning id`,
);
const last = statement(
  'audits.last',
  `select ${columns} from audits where project = $1 and kind = $2 and state = 'done' order by requested_at desc limit 1`,
);
const list = statement(
  'audits.list',
  `select ${columns} from audits where project = $1 and ($2::text is null or kind = $2) order by requested_at desc limit $3`,
);
const one = statement('audits.one', `select ${columns} from audits where project = $1 and id = $2`);

/** Takes for this worker the audit that waits longest, or one whose gateway has gone. */
export async function takeAudit(session: Session, worker: string): Promise<AuditRow | undefined> {
  const [row] = await session.rows<AuditRow>(take, [worker]);
  return row;
}

/** Writes the finding of an audit; false when another worker has taken the audit meanwhile. */
export async function endAudit(
  tx: Tx,
  audit: Pick<AuditRow, 'id'>,
  worker: string,
  found: AuditFinding & { readonly state: 'done' | 'failed'; readonly from: number; readonly to: number },
): Promise<boolean> {
  const { state, from, to, alert, title, body, result } = found;
  const values = [audit.id, worker, state, from, to, alert, title.slice(0, 500), body, jsonText(result)];
  return (await tx.rows(end, values)).length > 0;
}

/** The last completed audit of that kind. */
export async function lastAudit(
  session: Session,
  project: string,
  kind: AuditKind,
): Promise<AuditRow | undefined> {
  const [row] = await session.rows<AuditRow>(last, [project, kind]);
  return row;
}

const lastEnded = statement(
  'audits.lastEnded',
  `select ${columns} from audits where project = $1 and kind = $2 and ended_at is not null and id <> $3 order by requested_at desc limit 1`,
);

/** The last audit of that kind beside this one, done or failed. */
export async function auditBefore(
  session: Session,
  { project, kind, id }: Pick<AuditRow, 'project' | 'kind' | 'id'>,
): Promise<AuditRow | undefined> {
  const [row] = await session.rows<AuditRow>(lastEnded, [project, kind, id]);
  return row;
}

/** The audits of a project, of one kind or all, the newest first, at most `most`. */
export const listAudits = (
  session: Session,
  project: string,
  kind: AuditKind | undefined,
  most: number,
): Promise<AuditRow[]> => session.rows(list, [project, kind ?? null, most]);

/** An audit by its id. */
export async function readAudit(
  session: Session,
  project: string,
  id: string,
): Promise<AuditRow | undefined> {
  const [row] = await session.rows<AuditRow>(one, [project, id]);
  return row;
}

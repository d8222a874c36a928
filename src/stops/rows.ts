import type { Reason } from '../lib/decision.ts';
import { defined } from '../lib/defined.ts';
import { newId } from '../process/new-id.ts';
import { columnsOf } from '../store/columns.ts';
import {
  type DraftOf,
  draftOf,
  type EventDraft,
  type EventHead,
  type EventOf,
  type EventType,
  event,
  jsonText,
} from '../store/log/events.ts';
import { type Session, statement, type Tx } from '../store/store.ts';
import { readPlan } from '../tasks/plan-apply.ts';
import { tellCleared, tellPulled } from './notify.ts';
import { stops } from './schema.ts';
import type { Cleared, CordDraft, StopRow, StoredStop } from './stop.ts';
import { type About, type Scope, type StopReason, scopeText, stopReasons } from './stop-scope.ts';

const leftOut = ['grantId', 'clearedGrantId'] as const;

export const stopColumns = columnsOf(stops, leftOut);

const open = statement(
  'stops.open',
  `select ${stopColumns} from stops where project in ($1, '*') and cleared_at is null order by at, id`,
);

/** A row of the table as a stop with its scope. */
export const asStop = ({ scopeKind: kind, scopeValue: value, ...row }: StoredStop): StopRow => ({
  ...row,
  scope: { kind, value } as Scope,
});

/**
 * The open stops of a project and of all projects. Inside a transaction of admission the answer is exact: a
 * stop is pulled and cleared under the exclusive lock of the project.
 */
export async function readStops(session: Session, project: string): Promise<StopRow[]> {
  return (await session.rows<StoredStop>(open, [project])).map(asStop);
}

/** Reasons of open stops against an action; the plan is read only for a stop that needs it. */
export async function stopsAgainst(
  session: Session,
  project: string,
  about: Omit<About, 'plan'>,
): Promise<Reason[]> {
  const stops = await readStops(session, project);
  if (stops.length === 0) return [];
  const plan = stops.some(({ scope }) => scope.kind === 'workflow')
    ? await readPlan(session, project)
    : undefined;
  return stopReasons(stops, { ...about, plan });
}

/** The outcome of a pull. */
export interface Pulled {
  /** Id of the stop; empty when `once` held it back. */
  readonly stop: string;
  /** Number of pulls so far. */
  readonly count: number;
  readonly events: readonly EventDraft[];
}

const again = statement(
  'stops.again',
  `update stops set count = count + 1 where id = (select id from stops
     where project = $1 and cleared_at is null and colour = $2 and scope_kind = $3 and scope_value = $4 and cause = $5
       and (cause <> 'person' or pulled_by = $6) limit 1) returning id, count`,
);
const before = statement('stops.before', 'select id from stops where cause = $1 and subject = $2 limit 1');
const put = statement(
  'stops.put',
  `insert into stops (id, project, colour, scope_kind, scope_value, why, cause, subject, pulled_by, gid, told)
   values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`,
);

/**
 * Pulls the cord in a transaction that holds the exclusive lock of the project (of `*`: the gateway's), and
 * informs the principals at work. A pull with the scope, colour and cause of an open stop is counted on that
 * stop, a person's only for the same person. Landings that were intended before go on until they are settled;
 * see `settleLandings` of Workers.
 */
export async function pull(tx: Tx, draft: CordDraft): Promise<Pulled> {
  const { project, colour, scope, cause, subject, by } = draft;
  if (draft.once === true && (await tx.rows(before, [cause, subject])).length > 0)
    return { stop: '', count: 0, events: [] };
  const same = [project, colour, scope.kind, scope.value, cause];
  const [counted] = await tx.rows<{ id: string; count: number }>(again, [...same, by]);
  if (counted !== undefined) return { stop: counted.id, count: counted.count, events: [] };
  const id = newId('stop');
  const told = await tellPulled(tx, id, draft);
  const values = [id, project, colour, scope.kind, scope.value, draft.why, cause, subject, by];
  await tx.rows(put, [...values, draft.grantId ?? null, told]);
  const said = event('cord.pulled', `stop/${id}`, {
    colour,
    scope: scopeText(scope),
    why: draft.why,
    cause,
    about: subject,
    told: told.length,
  });
  const head = { actor: by, ...defined({ gid: draft.grantId }) };
  return { stop: id, count: 1, events: await everywhere(tx, project, head, said) };
}

/** Pulls the cord for transactions that only append the events which this function answers. */
export const pullCord = async (tx: Tx, draft: CordDraft): Promise<readonly EventDraft[]> =>
  (await pull(tx, draft)).events;

const named = statement(
  'stops.named',
  `select ${stopColumns} from stops where project = $1 and id = $2 for update`,
);

/** A stop by its id, locked until the transaction ends. */
export async function lockStop(tx: Tx, project: string, id: string): Promise<StopRow | undefined> {
  const [row] = await tx.rows<StoredStop>(named, [project, id]);
  return row === undefined ? undefined : asStop(row);
}

const clear = statement(
  'stops.clear',
  `update stops set cleared_by = $2, cleared_gid = $3, cleared_at = andon_now(), cleared_why = $4, root_cause = $5::jsonb
   where id = $1 and cleared_at is null returning extract(epoch from cleared_at - at)::float8 as seconds`,
);

/** Clears a stop under the kind of lock that it was pulled under, and informs the recipients of its message. */
export async function clearStop(tx: Tx, stop: StopRow, by: Cleared): Promise<EventDraft[]> {
  const cause = by.rootCause === undefined ? null : jsonText(by.rootCause);
  const [row] = await tx.rows<{ seconds: number }>(clear, [
    stop.id,
    by.by,
    by.grantId ?? null,
    by.why,
    cause,
  ]);
  if (row === undefined) return [];
  await tellCleared(tx, stop, by);
  const { colour, scope } = stop;
  const said = event('cord.cleared', `stop/${stop.id}`, {
    colour,
    scope: scopeText(scope),
    why: by.why,
    seconds: row.seconds,
    ...defined({ rootCause: by.rootCause }),
  });
  return everywhere(tx, stop.project, { actor: by.by, ...defined({ gid: by.grantId }) }, said);
}

const names = statement('stops.projects', `select name from projects where name <> '*' order by name`);

/**
 * The event in the log of the project; for a stop of all projects, also in the log of each, for readers that
 * follow one.
 */
async function everywhere<Type extends EventType>(
  tx: Tx,
  project: string,
  head: Omit<EventHead, 'project'>,
  said: EventOf<Type>,
): Promise<DraftOf<Type>[]> {
  const others = project === '*' ? (await tx.rows<{ name: string }>(names)).map(({ name }) => name) : [];
  return [project, ...others].map((one) => draftOf({ ...head, project: one }, said));
}

/** Clears the gateway's own yellow stops of a cause after the cause has passed. */
export async function clearOwn(
  tx: Tx,
  project: string,
  cause: StopReason,
  why: string,
): Promise<EventDraft[]> {
  const events: EventDraft[] = [];
  for (const stop of await readStops(tx, project))
    if (
      stop.cause === cause &&
      stop.pulledBy === 'gateway' &&
      stop.colour === 'yellow' &&
      stop.project === project
    )
      events.push(...(await clearStop(tx, stop, { by: 'gateway', why })));
  return events;
}

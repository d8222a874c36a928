import { kindOf, type PlanTrigger, type TriggerKind } from '../plan/triggers.ts';
import { newId } from '../process/new-id.ts';
import { nextSlot, type Timed } from '../schedule/slots.ts';
import { columnsOf } from '../store/columns.ts';
import { canonicalJson } from '../store/log/chain.ts';
import { jsonText } from '../store/log/events.ts';
import { latestPosition } from '../store/log/tail.ts';
import { type Session, statement, type Tx } from '../store/store.ts';
import { triggers } from './schema.ts';

/** Whose trigger it is: the grant that its fires stand under. */
export interface TriggerOwner {
  readonly owner: string;
  readonly grantId: string;
  /** The epoch of the owner's token; a raised epoch ends what triggers may do as it ends tokens. */
  readonly epoch: number;
}

const leftOut = ['onType', 'fromPosition', 'createdAt'] as const;

export type TriggerRow = Readonly<Omit<typeof triggers.$inferSelect, (typeof leftOut)[number]>>;

export const triggerColumns = columnsOf(triggers, leftOut);

const list = statement(
  'triggers.list',
  `select ${triggerColumns} from triggers where project = $1 order by name`,
);
const read = statement(
  'triggers.read',
  `select ${triggerColumns} from triggers where project = $1 and name = $2`,
);
const lock = statement(
  'triggers.lock',
  `select ${triggerColumns} from triggers where project = $1 and name = $2 for update`,
);
const put = statement(
  'triggers.put',
  `insert into triggers (id, project, name, kind, spec, source, owner, owner_gid, owner_epoch, state, next_at, next_slot, on_type, from_position)
   values ($1, $2, $3, $4, $5::jsonb, $6, $7, $8, $9, $10, $11, $12, $13, $14)
   on conflict (project, name) do update set kind = excluded.kind, spec = excluded.spec, owner = excluded.owner,
     owner_gid = excluded.owner_gid, owner_epoch = excluded.owner_epoch, state = excluded.state, next_at = excluded.next_at,
     next_slot = excluded.next_slot, on_type = excluded.on_type, from_position = excluded.from_position
   returning id`,
);
const remove = statement(
  'triggers.delete',
  'delete from triggers where project = $1 and name = any($2::text[])',
);
const lookAgain = statement(
  'triggers.deadlines',
  `update triggers set next_at = andon_now() where project = $1 and kind = 'deadline' and state = 'active'`,
);
const forget = statement('triggers.forget', 'delete from trigger_tallies where trigger = $1');

export const listTriggers = (session: Session, project: string): Promise<TriggerRow[]> =>
  session.rows<TriggerRow>(list, [project]);

export async function readTrigger(
  session: Session,
  project: string,
  name: string,
): Promise<TriggerRow | undefined> {
  const [row] = await session.rows<TriggerRow>(read, [project, name]);
  return row;
}

export async function lockTrigger(tx: Tx, project: string, name: string): Promise<TriggerRow | undefined> {
  const [row] = await tx.rows<TriggerRow>(lock, [project, name]);
  return row;
}

/** The part of a trigger that decides its times. */
export const timedOf = (id: string, { cron, zone, every, jitter }: PlanTrigger): Timed => ({
  id,
  cron,
  zone,
  every,
  jitter,
});

export interface TriggerDraft {
  readonly project: string;
  readonly name: string;
  readonly spec: PlanTrigger;
  readonly source: TriggerRow['source'];
  readonly by: TriggerOwner;
  readonly state?: TriggerRow['state'];
}

/** Writes a trigger and arms it: it waits for its first slot after now, and for events from now on. Returns its id. */
export async function armTrigger(tx: Tx, draft: TriggerDraft, now: Date, known?: string): Promise<string> {
  const { project, name, spec, source, by } = draft;
  const id = known ?? newId('trigger');
  const kind = kindOf(spec);
  const state = draft.state ?? (spec.paused ? 'paused' : 'active');
  const owner = [by.owner, by.grantId, by.epoch];
  const values = [id, project, name, kind, jsonText(spec), source, ...owner, state];
  const position = kind === 'event' ? await latestPosition(tx) : null;
  await tx.rows(forget, [id]);
  await tx.rows(put, [...values, ...firstTimes(id, kind, spec, now), spec.on ?? null, position]);
  return id;
}

/** When a trigger is looked at first, and for which slot. Deadlines are looked at in the next tick. */
function firstTimes(id: string, kind: TriggerKind, spec: PlanTrigger, now: Date): (Date | null)[] {
  if (kind === 'deadline') return [now, null];
  if (kind === 'event') return [null, null];
  const next = nextSlot(timedOf(id, spec), now.getTime());
  return [dateOf(next?.atMs), dateOf(next?.slotMs)];
}

const dateOf = (ms: number | undefined): Date | null => (ms === undefined ? null : new Date(ms));

export const deleteTriggers = (tx: Tx, project: string, names: readonly string[]): Promise<unknown> =>
  tx.rows(remove, [project, [...names]]);

/** What applying the triggers of a plan comes to. */
export interface TriggerDiff {
  readonly put: readonly (readonly [string, PlanTrigger])[];
  readonly removed: readonly string[];
  /** Names that a trigger which was created by a call has already. */
  readonly taken: readonly string[];
}

export function diffTriggers(
  wanted: Readonly<Record<string, PlanTrigger>>,
  rows: readonly TriggerRow[],
): TriggerDiff {
  const known = new Map(rows.map((row) => [row.name, row]));
  const differs = ([name, spec]: [string, PlanTrigger]): boolean =>
    canonicalJson(known.get(name)?.spec ?? null) !== canonicalJson(spec);
  return {
    put: Object.entries(wanted).filter(differs),
    removed: rows
      .filter(({ name, source }) => source === 'plan' && !Object.hasOwn(wanted, name))
      .map(({ name }) => name),
    taken: Object.keys(wanted).filter((name) => known.get(name)?.source === 'call'),
  };
}

/** Makes the triggers of the plan what it says. Those that it does not change keep their owner, their slots and their counts. */
export async function syncTriggers(
  tx: Tx,
  project: string,
  { put: changed, removed }: TriggerDiff,
  facts: { readonly by: TriggerOwner; readonly now: Date; readonly rows: readonly TriggerRow[] },
): Promise<void> {
  const ids = new Map(facts.rows.map(({ name, id }) => [name, id]));
  if (removed.length > 0) await deleteTriggers(tx, project, removed);
  for (const [name, spec] of changed)
    await armTrigger(tx, { project, name, spec, source: 'plan', by: facts.by }, facts.now, ids.get(name));
  // Deadlines of tasks may have moved with the plan.
  await tx.rows(lookAgain, [project]);
}

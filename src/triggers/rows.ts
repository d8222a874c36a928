import { kindOf, type PlanTrigger, type TriggerKind } from '../plan/triggers.ts';
import { newId } from '../process/new-id.ts';
import { nextSlot, type Timed } from '../schedule/slots.ts';
import { columnsOf } from '../store/columns.ts';
import { canonicalJson } from '../store/log/chain.ts';
import { jsonText } from '../store/log/events.ts';
import { latestPosition } from '../store/log/tail.ts';
import { type Session, statement, type Tx } from '../store/store.ts';
import { triggers } from './schema.ts';

/** The owner of a trigger: the grant that its fires are made under. */
export interface TriggerOwner {
  readonly owner: string;
  readonly grantId: string;
  /** The epoch of the owner's token; raising the project's epoch ends the rights of triggers as it ends tokens. */
  readonly epoch: number;
}

const leftOut = ['onType', 'fromPosition', 'createdAt'] as const;

/** A row of the table of triggers. */
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
     next_slot = excluded.next_slot, on_type = excluded.on_type, from_position = excluded.from_position, armed_at = andon_now()
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

/** The triggers of a project, by name. */
export const listTriggers = (session: Session, project: string): Promise<TriggerRow[]> =>
  session.rows<TriggerRow>(list, [project]);

/** A trigger by its name; undefined when there is none. */
export async function readTrigger(
  session: Session,
  project: string,
  name: string,
): Promise<TriggerRow | undefined> {
  const [row] = await session.rows<TriggerRow>(read, [project, name]);
  return row;
}

/** A trigger by its name, locked until the transaction ends. */
export async function lockTrigger(tx: Tx, project: string, name: string): Promise<TriggerRow | undefined> {
  const [row] = await tx.rows<TriggerRow>(lock, [project, name]);
  return row;
}

/** The part of a trigger that fixes its times. */
export const timedOf = (id: string, { cron, zone, every, jitter }: PlanTrigger): Timed => ({
  id,
  cron,
  zone,
  every,
  jitter,
});

/** A trigger to be armed. */
export interface TriggerDraft {
  readonly project: string;
  readonly name: string;
  readonly spec: PlanTrigger;
  readonly source: TriggerRow['source'];
  readonly by: TriggerOwner;
  readonly state?: TriggerRow['state'];
}

/**
 * Writes a trigger and arms it: it waits for its first slot after `now`, and for events after the present end
 * of the log. Returns its id.
 */
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

/** The time of the first look at a trigger, and its slot. Deadlines are looked at in the next tick. */
function firstTimes(id: string, kind: TriggerKind, spec: PlanTrigger, now: Date): (Date | null)[] {
  if (kind === 'deadline') return [now, null];
  if (kind === 'event' || kind === 'pool') return [null, null];
  const next = nextSlot(timedOf(id, spec), now.getTime());
  return [dateOf(next?.atMs), dateOf(next?.slotMs)];
}

const dateOf = (ms: number | undefined): Date | null => (ms === undefined ? null : new Date(ms));

/** Deletes triggers of a project by their names. */
export const deleteTriggers = (tx: Tx, project: string, names: readonly string[]): Promise<unknown> =>
  tx.rows(remove, [project, [...names]]);

/** The difference between the stored triggers and those of a plan. */
export interface TriggerDiff {
  readonly put: readonly (readonly [string, PlanTrigger])[];
  readonly removed: readonly string[];
  /** Names already borne by a trigger that a call created. */
  readonly taken: readonly string[];
}

/** Compares the triggers of a plan with the stored ones. */
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

/**
 * Makes the stored triggers equal to those of the plan. Unchanged triggers keep their owner, their slots and
 * their counts.
 */
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
  // Deadlines of tasks may have changed with the plan.
  await tx.rows(lookAgain, [project]);
}

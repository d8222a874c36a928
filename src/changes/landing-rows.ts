import { and, asc, eq, sql } from 'drizzle-orm';
import type { EventDraft } from '../store/log/events.ts';
import { type Session, statement, type Tx } from '../store/store.ts';
import { type ChangeRow, lockChange } from '../tasks/rows.ts';
import { landings } from '../tasks/schema.ts';
import { moveChange } from '../tasks/transition.ts';
import { finishTask } from './approval.ts';
import { type NamedGate, openGates, refuseChange, settleGates, systemEvent } from './gates.ts';
import type { MergeCandidate } from './git-port.ts';
import { countOvertaken, leaveQueue } from './queue/entries.ts';

/** A row of the table of landings. */
export type LandingRow = typeof landings.$inferSelect;

/** One change of a swap that is about to happen. The event id becomes the audit id in the trailer. */
export interface IntendedMember {
  readonly id: string;
  readonly event: string;
  readonly change: string;
  readonly newMain: string;
  readonly tree: string;
}

/** A swap of main that is about to happen, with its changes in their order. */
export interface Intent {
  readonly project: string;
  readonly oldMain: string;
  readonly fence: string;
  readonly owner: string;
  readonly members: readonly IntendedMember[];
  /** The tree that gates passed on, and the ids of their runs. */
  readonly vouchedTree: string;
  readonly vouchedBy: readonly string[];
}

/**
 * Step one of landing: writes the intents of one swap, one row for each change, chained from main to the last commit.
 * The caller holds the project's exclusive lock. Returns undefined when one of them may not land: then none does.
 */
export async function intend(tx: Tx, intent: Intent): Promise<EventDraft[] | undefined> {
  const { project, oldMain, fence, owner, members, vouchedTree, vouchedBy } = intent;
  const busy = await tx.orm
    .select({ id: landings.id })
    .from(landings)
    .where(and(eq(landings.project, project), eq(landings.state, 'intent')));
  if (busy.length > 0) return undefined;
  const events: EventDraft[] = [];
  let from = oldMain;
  for (const [index, member] of members.entries()) {
    const change = await lockChange(tx, project, member.change);
    if (!isApproved(change)) return undefined;
    const { id, event, newMain, tree } = member;
    const position = index + 1;
    await tx.orm.insert(landings).values({
      id,
      project,
      change: change.id,
      oldMain: from,
      newMain,
      fence,
      state: 'intent',
      owner,
      intentAt: sql`andon_now()`,
      position,
      batch: members.length,
      vouchedTree,
      vouchedBy: [...vouchedBy],
    });
    moveChange(tx, change, 'intend');
    const { task, commitId: commit } = change;
    const data = { task, landing: id, from, to: newMain, commit, tree, position, batch: members.length };
    events.push({ ...systemEvent(change, 'landing.intended', data), id: event });
    from = newMain;
  }
  return events;
}

const end = statement(
  'landing.end',
  `update landings set state = $2, ended_at = andon_now() where id = $1 and state = 'intent' returning id`,
);
const landedCommit = statement('landing.commit', 'update changes set landed_commit = $2 where id = $1');

/** True for an approved change: no other is landed, rebound, or sent back because main has moved. */
const isApproved = (change: ChangeRow | undefined): change is ChangeRow & { readonly state: 'approved' } =>
  change?.state === 'approved';

/** The state that an open intent gives its change; the move verifies it. */
const underIntent = ({ id }: ChangeRow) => ({ id, state: 'landing' as const });

/** The members of a row that its conclusion tells of. */
export type LandedRow = Pick<
  LandingRow,
  'id' | 'project' | 'change' | 'newMain' | 'oldMain' | 'position' | 'batch' | 'vouchedBy'
>;

/** Step three, after main has moved: ends the task as done, and readies the tasks that waited for it. */
export async function concludeLanding(tx: Tx, landing: LandedRow): Promise<EventDraft[]> {
  const change = await lockChange(tx, landing.project, landing.change);
  const [ended] = await tx.rows(end, [landing.id, 'done']);
  if (ended === undefined || change === undefined) return [];
  moveChange(tx, underIntent(change), 'land');
  await tx.rows(landedCommit, [change.id, landing.newMain]);
  const landed = systemEvent(change, 'change.landed', {
    task: change.task,
    landing: landing.id,
    from: landing.oldMain,
    to: landing.newMain,
    position: landing.position,
    batch: landing.batch,
    vouchedBy: landing.vouchedBy,
  });
  countOvertaken(tx, change);
  leaveQueue(tx, change);
  return [landed, ...(await finishTask(tx, change))];
}

/** Step three, when main did not move: voids the intent, and the change is approved as before. */
export async function voidLanding(
  tx: Tx,
  landing: Pick<LandingRow, 'id' | 'project' | 'change'>,
  why: string,
): Promise<EventDraft[]> {
  const change = await lockChange(tx, landing.project, landing.change);
  const [ended] = await tx.rows(end, [landing.id, 'void']);
  if (ended === undefined || change === undefined) return [];
  moveChange(tx, underIntent(change), 'void');
  return [systemEvent(change, 'landing.voided', { task: change.task, landing: landing.id, why })];
}

const rebase = statement(
  'change.rebase',
  'update changes set base = $2, candidate = $3, tree = $4, rebuilt = rebuilt + 1 where id = $1',
);

/**
 * Binds an approved change to a new candidate, whose patch is another one than the one that was judged, and sends the
 * change back to its gates and its judge.
 */
export async function rebind(
  tx: Tx,
  before: ChangeRow,
  { base, candidate, tree }: MergeCandidate,
  gates: readonly NamedGate[],
): Promise<EventDraft[]> {
  const change = await lockChange(tx, before.project, before.id);
  if (!isApproved(change) || change.tree !== before.tree) return [];
  await tx.rows(rebase, [change.id, base, candidate, tree]);
  const state = moveChange(tx, change, 'rebuild');
  const after: ChangeRow = { ...change, state, base, candidate, tree };
  openGates(tx, after, gates);
  const data = { task: change.task, from: change.tree, to: tree, base };
  return [systemEvent(change, 'change.rebuilt', data), ...(await settleGates(tx, after))];
}

/** Gives a change back to its maker when it no longer merges with the moved main. */
export async function refuseConflict(
  tx: Tx,
  before: ChangeRow,
  paths: readonly string[],
): Promise<EventDraft[]> {
  const change = await lockChange(tx, before.project, before.id);
  if (!isApproved(change)) return [];
  return refuseChange(tx, change, 'conflict', `main moved; conflicts in ${paths.slice(0, 20).join(', ')}`);
}

/**
 * Intents without a conclusion for `olderThanMs`. Looks without a lock: the code that ends an intent checks
 * it again.
 */
export async function staleIntents(
  session: Session,
  project: string,
  olderThanMs: number,
): Promise<LandingRow[]> {
  return session.orm
    .select()
    .from(landings)
    .where(
      and(
        eq(landings.project, project),
        eq(landings.state, 'intent'),
        sql`${landings.intentAt} <= andon_now() - ${olderThanMs} * interval '1 millisecond'`,
      ),
    )
    .orderBy(asc(landings.position));
}

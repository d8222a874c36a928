import { newId } from '../process/new-id.ts';
import { readStops } from '../stops/rows.ts';
import { columnsOf } from '../store/columns.ts';
import { draftOf, type EventDraft, event } from '../store/log/events.ts';
import { type Session, statement, type Tx } from '../store/store.ts';
import type { SystemTransaction } from '../store/system-transaction.ts';
import { lockChange } from '../tasks/rows.ts';
import { moveChange } from '../tasks/transition.ts';
import type { GitPort } from './git-port.ts';
import { leaveQueue } from './queue/entries.ts';
import { syncs } from './schema.ts';
import { clearSyncStop } from './sync-stop.ts';

/** A row of the table of syncs: a move of main to what the upstream has. */
export type SyncRow = Readonly<typeof syncs.$inferSelect>;

/** A move of main that is about to happen, and on whose behalf. */
export interface SyncDraft {
  readonly project: string;
  readonly oldMain: string;
  readonly newMain: string;
  readonly fence: string;
  readonly commits: number;
  readonly authors: readonly string[];
  readonly by: { readonly agent: string; readonly grantId?: string | undefined };
  /** The person whose setting it is; null for a sync by hand. */
  readonly settingBy: string | null;
  /** Its id, where the commit that main moves to names it. */
  readonly id?: string;
  /** The merge that lands by it, with the runs that vouch for its tree. */
  readonly merge?: { readonly change: string; readonly vouchedBy: readonly string[] };
}

/** A point of a sync at which tests can end the process. */
export type SyncPoint =
  | 'sync-fetched'
  | 'after-sync-intent'
  | 'after-sync-move'
  | 'after-sync-done'
  | 'after-sync-push';

const columns = columnsOf(syncs, []);
const put = statement(
  'syncs.put',
  `insert into syncs (id, project, old_main, new_main, fence, state, commits, authors, by_agent, gid, setting_by, change, vouched_by)
   values ($1, $2, $3, $4, $5, 'intent', $6, $7, $8, $9, $10, $11, $12)`,
);
const openOf = statement(
  'syncs.open',
  `select ${columns} from syncs where project = $1 and state = 'intent'`,
);
const byId = statement('syncs.read', `select ${columns} from syncs where project = $1 and id = $2`);
const stale = statement(
  'syncs.stale',
  `select ${columns} from syncs where project = $1 and state = 'intent' and at <= andon_now() - $2 * interval '1 millisecond'`,
);
const latest = statement(
  'syncs.latest',
  `select ${columns} from syncs where project = $1 and state = 'done' order by at desc limit $2`,
);

/** The sync of a project that is under way. The caller holds the project's lock. */
export async function openSync(session: Session, project: string): Promise<SyncRow | undefined> {
  const [row] = await session.rows<SyncRow>(openOf, [project]);
  return row;
}

/** A sync by its id. */
export async function readSync(session: Session, project: string, id: string): Promise<SyncRow | undefined> {
  const [row] = await session.rows<SyncRow>(byId, [project, id]);
  return row;
}

/** The moves of main to what the upstream had, the latest first. */
export const readSyncs = (session: Session, project: string, limit: number): Promise<SyncRow[]> =>
  session.rows<SyncRow>(latest, [project, limit]);

/** Step one: writes the intent under the project's lock; answers its id. */
export async function intendSync(tx: Tx, draft: SyncDraft): Promise<string> {
  const { id = newId('sync'), project, by, merge, ...move } = draft;
  const moved = [move.oldMain, move.newMain, move.fence, move.commits, move.authors];
  const who = [by.agent, by.grantId ?? null, move.settingBy];
  const of = [merge?.change ?? null, merge?.vouchedBy ?? []];
  await tx.rows(put, [id, project, ...moved, ...who, ...of]);
  return id;
}

/** True while a red stop of the whole project, or of all, holds what moves main by itself. */
export const isMainHeld = async (session: Session, project: string): Promise<boolean> =>
  (await readStops(session, project)).some(
    ({ colour, scope }) => colour === 'red' && (scope.kind === 'project' || scope.kind === 'all'),
  );

/** Ports through which a sync moves main. */
export interface SyncPorts {
  readonly git: Pick<GitPort, 'moveMain' | 'raiseFence' | 'landed'>;
  readonly session: Session;
  readonly systemTransaction: SystemTransaction;
  readonly at?: (point: SyncPoint) => void;
}

/**
 * Moves main, if it and the fence are as the intent has them, and writes how that went. If main does not move, another
 * process may be about to move it: the fence is raised, so that it no longer can, and main is read after.
 */
export async function carryOutSync(ports: SyncPorts, row: SyncRow): Promise<void> {
  const { project, oldMain, newMain, fence } = row;
  ports.at?.('after-sync-intent');
  const moved = await ports.git.moveMain(project, { oldMain, newMain, fence });
  ports.at?.('after-sync-move');
  await (moved ? conclude(ports, row, true) : concludeByMain(ports, row));
  ports.at?.('after-sync-done');
}

/** Makes the move impossible, and writes if it had happened. */
async function concludeByMain(ports: SyncPorts, row: SyncRow): Promise<void> {
  await ports.git.raiseFence(row.project);
  await conclude(ports, row, await ports.git.landed(row.project, row.newMain));
}

/** Finishes or voids syncs without a conclusion, as a landing's reconciler does: the fence is raised first. */
export async function reconcileSyncs(ports: SyncPorts, project: string, olderThanMs: number): Promise<void> {
  for (const row of await ports.session.rows<SyncRow>(stale, [project, olderThanMs]))
    await concludeByMain(ports, row);
}

const end = statement(
  'syncs.end',
  `update syncs set state = $2, ended_at = andon_now() where id = $1 and state = 'intent' returning id`,
);

const conclude = ({ systemTransaction }: SyncPorts, row: SyncRow, moved: boolean): Promise<void> =>
  systemTransaction(row.project, async (tx) => {
    const [ended] = await tx.rows(end, [row.id, moved ? 'done' : 'void']);
    if (ended === undefined) return { result: undefined, events: [] };
    if (row.change !== null) return { result: undefined, events: await endMerge(tx, row, row.change, moved) };
    return { result: undefined, events: moved ? await syncedEvents(tx, row) : [] };
  });

const landedCommit = statement('syncs.landedCommit', 'update changes set landed_commit = $2 where id = $1');

/** Ends the landing of a merge. Main and the upstream agree only once the upstream has it, too. */
async function endMerge(tx: Tx, row: SyncRow, id: string, moved: boolean): Promise<EventDraft[]> {
  const change = await lockChange(tx, row.project, id);
  if (change === undefined) return [];
  moveChange(tx, { id, state: 'landing' }, moved ? 'land' : 'void');
  if (!moved) return [];
  await tx.rows(landedCommit, [id, row.newMain]);
  leaveQueue(tx, change);
  const merge = { kind: 'merged', change: id, theirs: change.commitId, vouchedBy: row.vouchedBy } as const;
  return [
    draftOf(headOf(row), event('project.synced', `project/${row.project}`, { ...saidOf(row), ...merge })),
  ];
}

const headOf = ({ project, byAgent, grantId }: SyncRow) => ({
  project,
  actor: byAgent,
  ...(grantId === null ? {} : { gid: grantId }),
});

const saidOf = ({ id: sync, oldMain: from, newMain: main, commits, authors, settingBy }: SyncRow) =>
  ({ kind: 'forwarded', from, main, sync, commits, authors, settingBy, judged: false }) as const;

async function syncedEvents(tx: Tx, row: SyncRow): Promise<EventDraft[]> {
  const synced = draftOf(headOf(row), event('project.synced', `project/${row.project}`, saidOf(row)));
  return [synced, ...(await clearSyncStop(tx, row.project))];
}

const unpushed = statement(
  'syncs.unpushed',
  `select ${columns} from syncs where project = $1 and state = 'done' and change is not null and pushed_at is null order by at desc limit 1`,
);
const setPushed = statement(
  'syncs.pushed',
  'update syncs set pushed_at = andon_now() where project = $1 and change is not null and pushed_at is null',
);

/** The latest merge that has landed, and that the upstream may not have yet. */
export async function unpushedMerge(session: Session, project: string): Promise<SyncRow | undefined> {
  const [row] = await session.rows<SyncRow>(unpushed, [project]);
  return row;
}

/** Notes that the upstream has what has landed, or went on without it. */
export const notePushed = (tx: Tx, project: string): void => tx.later(setPushed, [project]);

import { sendMessage } from '../../messages/messages.ts';
import { newId } from '../../process/new-id.ts';
import {
  countRuns,
  flatRunsMax,
  isFlat,
  type PoolRuns,
  type ProfilePool,
  poolSubject,
} from '../../runs/pool.ts';
import { aliveCount } from '../../runs/rows.ts';
import { pullCord, readStops } from '../../stops/rows.ts';
import type { Stop } from '../../stops/stop-scope.ts';
import { appendEvents } from '../../store/log/events.ts';
import { isUnavailable } from '../../store/retry.ts';
import { type Store, statement, type Tx } from '../../store/store.ts';
import { planAt } from '../../tasks/plan-cache.ts';
import { lockById } from '../../triggers/fire-rows.ts';
import { type QueuedSlot, queueFound } from '../../triggers/queue.ts';
import type { TriggerRow } from '../../triggers/rows.ts';
import { enter } from '../admission/enter.ts';
import { profileOf } from '../auth/minting.ts';
import { findWork, type PoolWork } from './pool-work.ts';

const armed = statement(
  'pools.armed',
  `select id, project, (select coalesce(max(position), 0) from events) as position from triggers
   where kind = 'pool' and state = 'active' order by id`,
);

interface ArmedPool {
  readonly id: string;
  readonly project: string;
  readonly position: number;
}

/** Time after which pools are looked at although the log has not grown: grants and refusals age by themselves. */
const restMs = 20_000;
/** Pause after a refused fire: its reason, such as a revoked grant, holds for a while, and each refusal is recorded. */
const refusedMs = 60_000;

/**
 * Looks for work that pools have room for, and queues a slot for each run to be requested: fires are admitted as those of
 * any trigger. All that makes room or work is an event, so nothing is read while the log has not grown.
 */
export class PoolWatch {
  #position = -1;
  #lookedAt = 0;

  /** Looks at every pool; `failed` hears of a pool that could not be looked at. */
  async look(store: Store, failed: (error: unknown, pool: string) => void): Promise<void> {
    const pools = await store.rows<ArmedPool>(armed);
    const position = pools[0]?.position ?? this.#position;
    const now = performance.now();
    if (position === this.#position && now - this.#lookedAt < restMs) return;
    for (const pool of pools)
      await lookAt(store, pool).catch((error: unknown) => {
        if (isUnavailable(error)) throw error;
        failed(error, pool.id);
      });
    this.#position = position;
    this.#lookedAt = now;
  }
}

async function lookAt(store: Store, { project, id }: ArmedPool): Promise<void> {
  const isGettingNowhere = await store.transaction((tx) => fill(tx, project, id));
  if (isGettingNowhere) await store.transaction((tx) => pause(tx, project, id));
}

/** Queues slots for the room and work of a pool; true for a pool that has to pause instead. */
async function fill(tx: Tx, project: string, id: string): Promise<boolean> {
  const { now, planHash } = await enter(tx, { project, exclusive: false });
  const found = await lockPool(tx, id);
  if (found === undefined) return false;
  const { row, pool } = found;
  const stops = await readStops(tx, project);
  if (isStopped(stops, pool)) return false;
  if (await isFlat(tx, pool)) return true;
  const plan = await planAt(tx, project, planHash);
  const agent = profileOf(plan, pool.profile);
  if (plan === undefined || agent === undefined) return false;
  const free = plan.limits.runs - (await aliveCount(tx, project));
  const room = Math.min(free, roomAfter(row, now, await countRuns(tx, pool)));
  const work = room > 0 ? await findWork(tx, { pool, agent, plan, stops }, room) : [];
  const slots = work.map((one) => slotOf(one, now));
  if (slots.length > 0) await queueFound(tx, [{ row, slots, missed: 0 }], now.getTime());
  return false;
}

/** The pool of a trigger, locked; undefined when it is paused or gone. */
async function lockPool(
  tx: Tx,
  id: string,
): Promise<{ readonly row: TriggerRow; readonly pool: ProfilePool } | undefined> {
  const row = await lockById(tx, id);
  const profile = row?.spec.spawn;
  if (row?.state !== 'active' || profile === undefined) return undefined;
  return { row, pool: { id, project: row.project, profile } };
}

const isStopped = (stops: readonly Stop[], { profile }: ProfilePool): boolean =>
  stops.some(({ scope }) => scope.kind === 'pool' && scope.value === profile);

/**
 * The room of a pool: after a refusal none for a while, and then that of one run, which tries again, unless the pool was
 * armed anew.
 */
function roomAfter(row: TriggerRow, now: Date, { alive, asked }: PoolRuns): number {
  const room = (row.spec.pool ?? 0) - alive - asked;
  const refusedAt = refusedAtOf(row);
  if (refusedAt < row.armedAt.getTime()) return room;
  return now.getTime() - refusedAt < refusedMs ? 0 : Math.min(room, 1 - asked);
}

const refusedAtOf = ({ lastOutcome, lastAt }: TriggerRow): number =>
  lastOutcome === 'refused' || lastOutcome === 'failed' ? (lastAt?.getTime() ?? 0) : 0;

const slotOf = (work: PoolWork, now: Date): QueuedSlot => ({
  // The same work may come back any number of times, and each time is a slot of its own.
  slot: `${work.change === undefined ? `task/${work.task}` : `change/${work.change}`}/${newId('request')}`,
  atMs: now.getTime(),
  cause: { causes: [], ...work },
});

/** Pauses a pool whose runs get nowhere: a yellow stop of the pool alone, which executives and people are told of. */
async function pause(tx: Tx, project: string, id: string): Promise<void> {
  await enter(tx, { project, exclusive: true });
  const found = await lockPool(tx, id);
  if (found === undefined || isStopped(await readStops(tx, project), found.pool)) return;
  if (!(await isFlat(tx, found.pool))) return;
  const { profile } = found.pool;
  const why = `the last ${flatRunsMax} runs of the pool of ${profile} made no progress`;
  const events = await pullCord(tx, {
    project,
    colour: 'yellow',
    scope: { kind: 'pool', value: profile },
    why,
    cause: 'pool',
    subject: poolSubject(profile),
    by: 'gateway',
  });
  // The stop informs executives; people are told of red stops alone, so they get this message.
  await sendMessage(tx, {
    project,
    recipient: 'tier:human',
    kind: 'alert',
    subject: poolSubject(profile),
    title: `the pool of ${profile} is paused`,
    body: `${why} (andon run list). It starts no other run until its stop is cleared (andon cord status, andon cord clear <stop> --why …).`,
    data: { profile },
  });
  appendEvents(tx, events);
}

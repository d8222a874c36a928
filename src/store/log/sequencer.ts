import { Coalesced } from '../../lib/coalesced.ts';
import { type Store, statement, type Tx } from '../store.ts';
import { type ChainedEvent, type ChainLink, chainHash, genesisHash, type LogHead } from './chain.ts';
import { saidColumns } from './events.ts';
import type { LoggedEvent } from './logged-event.ts';

/** The channel on which gateways hear that events got positions. */
export const eventsChannel = 'andon_events';

/** Rest between two runs under load: many events share one statement and one notification. */
const restMs = 25;
const batchMax = 1000;

const chainLock = statement('chain.lock', 'select pg_try_advisory_xact_lock(7098) as held');
const last = statement(
  'chain.last',
  'select position, hash from events where position is not null order by position desc limit 1',
);
const unsequenced = statement(
  'chain.unsequenced',
  `select seq, ${saidColumns} from events where position is null order by seq limit $1`,
);
// No join: planned while few events waited, it was each of those that wait against each of the batch, ten seconds after a plan of ten
// thousand tasks. The index of events without a position serves this at any number.
const sequence = statement(
  'chain.sequence',
  `update events set position = ($2::bigint[])[array_position($1::bigint[], seq)], hash = ($3::text[])[array_position($1::bigint[], seq)]
   where position is null and seq = any($1::bigint[])`,
);
const tell = statement('chain.tell', `select pg_notify('${eventsChannel}', $1)`);

/** An event without a position. */
type Unsequenced = LoggedEvent & LogHead<Date> & { readonly seq: number };

/** Hears of events as soon as they have their positions. */
interface Follower {
  take(events: readonly ChainedEvent[]): void;
}

/**
 * Gives committed events their position and hash, at most `countMax` of them; returns their number, and tells
 * `sequenced` of them. One sequencer works at a time over all gateways; the others find the lock taken and do
 * nothing. A row that commits late has no position yet, so it is never skipped.
 */
export async function chainOnce(
  store: Store,
  countMax = batchMax,
  sequenced: (events: readonly ChainedEvent[]) => void = () => {},
): Promise<number> {
  const events = await store.transaction((tx) => chainIn(tx, countMax));
  if (events.length > 0) sequenced(events);
  return events.length;
}

async function chainIn(tx: Tx, countMax: number): Promise<ChainedEvent[]> {
  // One round trip: reading the rows is in vain only without the lock, which is rare.
  const [[lock], rows, [end]] = await Promise.all([
    tx.rows<{ held: boolean }>(chainLock),
    tx.rows<Unsequenced>(unsequenced, [countMax]),
    tx.rows<ChainLink>(last),
  ]);
  if (lock?.held !== true || rows.length === 0) return [];
  const sequenced = sequencedAfter(end ?? { position: 0, hash: genesisHash }, rows);
  const positions = sequenced.map(({ position }) => position);
  tx.later(sequence, [rows.map(({ seq }) => seq), positions, sequenced.map(({ hash }) => hash)]);
  tx.later(tell, [String(positions.at(-1))]);
  return sequenced;
}

/** Rows with their positions after the end of the chain. */
function sequencedAfter(end: ChainLink, rows: readonly Unsequenced[]): ChainedEvent[] {
  let { position, hash } = end;
  return rows.map((row) => {
    position += 1;
    const { seq: _unused, ...said } = row;
    const event = { position, ...said, at: said.at.toISOString() };
    hash = chainHash(hash, event);
    return { ...event, hash };
  });
}

/** Runs the sequencer whenever it is woken, and once a second in any case. Errors are tried again at the next wake. */
export class Sequencer {
  #store: Store;
  #timer: NodeJS.Timeout;
  #rounds: Coalesced;
  #soon: NodeJS.Timeout | undefined;
  #ranAtMs = -restMs;
  #failed: (error: unknown) => void;
  #follower: Follower;

  constructor(store: Store, follower: Follower, failed: (error: unknown) => void) {
    this.#store = store;
    this.#follower = follower;
    this.#failed = failed;
    this.#rounds = new Coalesced(() => this.#drain(), failed);
    this.#timer = setInterval(() => void this.#rounds.ask(), 1000);
    this.#timer.unref();
  }

  /**
   * Requests a run; call it after a commit that appended events. After a pause the run starts at once; under
   * load, once in `restMs`.
   */
  wake(): void {
    if (this.#rounds.isClosed || this.#soon !== undefined) return;
    const restedMs = performance.now() - this.#ranAtMs;
    this.#soon = setTimeout(
      () => {
        this.#soon = undefined;
        void this.#rounds.ask();
      },
      Math.max(1, restMs - restedMs),
    );
  }

  async #drain(): Promise<void> {
    try {
      const sequenced = (events: readonly ChainedEvent[]): void => this.#follower.take(events);
      while ((await chainOnce(this.#store, batchMax, sequenced)) === batchMax);
    } finally {
      this.#ranAtMs = performance.now();
    }
  }

  /** Sequences the committed events and stops. */
  async close(): Promise<void> {
    clearInterval(this.#timer);
    clearTimeout(this.#soon);
    await this.#rounds.close();
    await this.#drain().catch(this.#failed);
  }
}

import { Bell } from '../../lib/bell.ts';
import type { ChainedEvent } from '../../store/log/chain.ts';
import type { Feed } from '../../store/log/feed.ts';
import { eventsAfter } from '../../store/log/tail.ts';
import type { Store } from '../../store/store.ts';

/** Events that wait for a slow reader at most; beyond, it reads the log by itself again. */
const waitingMax = 1_000;
const pageMax = 200;

/** The log to follow: its project (null for all), the position to go on behind, and the end of the wish. */
export interface Followed {
  readonly store: Store;
  readonly feed: Pick<Feed, 'hear' | 'position'>;
  readonly project: string | null;
  readonly from: number;
  readonly signal: AbortSignal | undefined;
}

/**
 * Every sequenced event of a project behind a position, in order and once, without end, until `signal` aborts. Reads
 * the log by position until it has caught up with the feed; from then on all readers share what the feed reads.
 */
export async function* follow(followed: Followed): AsyncGenerator<ChainedEvent> {
  const { signal } = followed;
  const reader = new Reader(followed);
  const stop = () => reader.bell.ring();
  signal?.addEventListener('abort', stop, { once: true });
  try {
    while (signal?.aborted !== true) {
      yield* reader.missed();
      yield* reader.told();
      await reader.news();
    }
  } finally {
    reader.close();
    signal?.removeEventListener('abort', stop);
  }
}

class Reader {
  readonly bell = new Bell();
  readonly #followed: Followed;
  readonly #silence: () => void;
  #position: number;
  /** The feed has told everything behind this position to `#waiting`. */
  #toldFrom: number;
  #waiting: ChainedEvent[] = [];
  #isOverflown = false;

  constructor(followed: Followed) {
    this.#followed = followed;
    this.#position = followed.from;
    this.#toldFrom = followed.feed.position;
    this.#silence = followed.feed.hear((events) => this.#receive(events));
  }

  #receive(events: readonly ChainedEvent[]): void {
    this.bell.ring();
    if (this.#isOverflown) return;
    const { project } = this.#followed;
    for (const event of events) if (project === null || event.project === project) this.#waiting.push(event);
    if (this.#waiting.length <= waitingMax) return;
    this.#isOverflown = true;
    this.#waiting = [];
  }

  /** The events that the feed has told to nobody here: of the time before, or more than may wait. */
  async *missed(): AsyncGenerator<ChainedEvent> {
    const { store, feed, project, signal } = this.#followed;
    if (this.#isOverflown) {
      this.#toldFrom = feed.position;
      this.#isOverflown = false;
    }
    while (this.#position < this.#toldFrom && signal?.aborted !== true) {
      const events = await eventsAfter(store, this.#position, project, pageMax);
      yield* this.#unseen(events);
      if (events.length < pageMax) this.#position = Math.max(this.#position, this.#toldFrom);
    }
  }

  /** The events that the feed told since. */
  async *told(): AsyncGenerator<ChainedEvent> {
    yield* this.#unseen(this.#waiting.splice(0));
  }

  *#unseen(events: readonly ChainedEvent[]): Generator<ChainedEvent> {
    for (const event of events) {
      if (event.position <= this.#position) continue;
      this.#position = event.position;
      yield event;
    }
  }

  /** Waits until the feed tells something. */
  async news(): Promise<void> {
    if (!this.#isOverflown && this.#waiting.length === 0) await this.bell.heard();
  }

  close(): void {
    this.#silence();
  }
}

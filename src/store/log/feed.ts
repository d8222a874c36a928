import { once } from 'node:events';
import { Coalesced } from '../../lib/coalesced.ts';
import type { Store } from '../store.ts';
import type { ChainedEvent } from './chain.ts';
import { eventsChannel } from './sequencer.ts';
import { eventsAfter, latestPosition } from './tail.ts';

type Hear = (events: readonly ChainedEvent[]) => void;

const tailMs = 1000;
const pageMax = 500;

/**
 * Follows the log from its present end: NOTIFY is the hint, the tail by position is decisive; events that
 * this gateway sequenced itself need not be read again. Every listener hears every event in order, once.
 * `silentMs` tells for how long the log could not be read, for readiness.
 */
export class Feed {
  #store: Store;
  #position = 0;
  #heard = new Set<Hear>();
  #timer: NodeJS.Timeout | undefined;
  #unlisten: (() => Promise<void>) | undefined;
  // While the store is away, silentMs grows and readiness falls; the next wake tries again.
  readonly #reads = new Coalesced(
    () => this.#read(),
    () => {},
  );
  #freshAtMs = performance.now();
  /** True once the position is known. */
  #follows = false;

  constructor(store: Store) {
    this.#store = store;
  }

  async start(): Promise<void> {
    this.#position = await latestPosition(this.#store);
    this.#follows = true;
    this.#unlisten = await this.#store.listen(
      eventsChannel,
      (last) => {
        if (Number(last) > this.#position) void this.#reads.ask();
      },
      () => void this.#reads.ask(),
    );
    this.#timer = setInterval(() => void this.#reads.ask(), tailMs);
    this.#timer.unref();
    this.#freshAtMs = performance.now();
    void this.#reads.ask();
  }

  get position(): number {
    return this.#position;
  }

  /** Age of the last news in milliseconds: the time since the log was last asked and answered. */
  get silentMs(): number {
    return performance.now() - this.#freshAtMs;
  }

  /**
   * Waits until the last news is at most `silentMsMax` old, but no longer than `withinMs`: after a pause of
   * the whole process, as of a machine that slept, the log is read before anybody is told that it is silent.
   */
  async freshen(silentMsMax: number, withinMs: number): Promise<void> {
    const signal = AbortSignal.timeout(withinMs);
    // A reading that began before the pause tells nothing of it; the next one does.
    for (let readings = 0; readings < 2 && this.silentMs > silentMsMax && !signal.aborted; readings++) {
      await Promise.race([this.#reads.ask(), once(signal, 'abort')]);
    }
  }

  /** Adds a listener; returns the function that removes it. A listener that throws never disturbs the feed. */
  hear(listener: Hear): () => void {
    this.#heard.add(listener);
    return () => this.#heard.delete(listener);
  }

  /**
   * Takes committed events that were just sequenced. Events that do not follow on the last one heard are read
   * from the log, as any other.
   */
  take(events: readonly ChainedEvent[]): void {
    const { running, isClosed } = this.#reads;
    const follow = this.#follows && running === undefined && events[0]?.position === this.#position + 1;
    if (follow && !isClosed) this.#hand(events);
  }

  #hand(events: readonly ChainedEvent[]): void {
    this.#position = events.at(-1)?.position ?? this.#position;
    for (const listener of this.#heard) this.#tell(listener, events);
  }

  async #read(): Promise<void> {
    for (;;) {
      // The answer dates from the asking: the process may have been stopped before it received it.
      const askedAtMs = performance.now();
      const events = await eventsAfter(this.#store, this.#position, null, pageMax);
      this.#hand(events);
      if (events.length < pageMax) {
        this.#freshAtMs = askedAtMs;
        return;
      }
    }
  }

  #tell(listener: Hear, events: readonly ChainedEvent[]): void {
    try {
      listener(events);
    } catch {
      // A listener answers for its own errors.
    }
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    await this.#reads.close();
    await this.#unlisten?.();
  }
}

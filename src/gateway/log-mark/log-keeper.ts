import type { Logger } from 'pino';
import { type Reason, reason } from '../../lib/decision.ts';
import { type BelowMark, belowMark, belowWords, type LogMark, markOf } from '../../store/log/mark.ts';
import type { Store } from '../../store/store.ts';
import type { MarkPlace } from './places.ts';

/** The store, and the places of its mark. */
export interface LogKeeperOptions {
  readonly store: Store;
  /** Called anew each time: projects with an upstream come and go. */
  readonly places: () => Promise<readonly MarkPlace[]>;
  readonly log: Logger;
}

const raiseMs = 1_000;

/** Ways to write the mark: where it is due, everywhere at once, or everywhere even if the mark there is higher. */
type How = 'due' | 'now' | 'lowered';

/**
 * Keeps a high-water mark of the log outside the database, and tells when the database is below it, after a
 * loss of power, on a lagging replica, or after an edit that cut or rewrote the end of the log; the cause
 * cannot be told. While the database is below, this gateway only reads. The mark rises with the log, and only
 * `accept` lowers it.
 */
export class LogKeeper {
  readonly #options: LogKeeperOptions;
  /** By place, the time of the last write and its position. */
  readonly #written = new Map<string, { readonly atMs: number; readonly position: number }>();
  #below: BelowMark | undefined;
  #last: LogMark | undefined;
  #hasGrown = false;
  #timer: NodeJS.Timeout | undefined;
  #writing: Promise<void> = Promise.resolve();

  constructor(options: LogKeeperOptions) {
    this.#options = options;
  }

  /** The gap between the database and the mark; undefined when there is none. */
  get below(): BelowMark | undefined {
    return this.#below;
  }

  /** The reason against every change; undefined when changes are allowed. */
  get reason(): Reason | undefined {
    if (this.#below === undefined) return undefined;
    const { mark } = this.#below;
    return reason('log.below', 'the log', {
      found: belowWords(this.#below),
      limit: `position ${mark.position}`,
    });
  }

  /** Compares the database with every mark: before the first write, and whenever the log is verified. */
  async check(): Promise<BelowMark | undefined> {
    const { store, places, log } = this.#options;
    for (const place of await places()) {
      const mark = await place.read().catch((error: unknown) => {
        log.error({ err: error, place: place.name }, 'a witness of the log cannot be read');
        return undefined;
      });
      const below = mark === undefined ? undefined : await belowMark(store, mark);
      if (below !== undefined && (this.#below?.mark.position ?? -1) < below.mark.position)
        this.#below = below;
    }
    return this.#below;
  }

  /** Begins to follow the log; called after the first check. */
  async start(hear: (listener: () => void) => unknown): Promise<void> {
    this.#last = await markOf(this.#options.store);
    hear(() => {
      this.#hasGrown = true;
    });
    await this.#write('due');
    this.#timer = setInterval(() => void this.#raise(), raiseMs);
    this.#timer.unref();
  }

  /**
   * Raises the mark to the end of the log, if the database still confirms the mark before: an end that is
   * changed while the gateway runs is noticed, too.
   */
  async #raise(how: 'due' | 'now' = 'due'): Promise<void> {
    if (this.#hasGrown && this.#last !== undefined && this.#below === undefined) {
      this.#hasGrown = false;
      const { store, log } = this.#options;
      try {
        this.#below = await belowMark(store, this.#last);
        if (this.#below === undefined) this.#last = await markOf(store);
        else log.error({ below: this.#below }, `the log is below its mark: ${belowWords(this.#below)}`);
      } catch {
        // The store is away: the next round tries again.
        this.#hasGrown = true;
      }
    }
    await this.#write(how);
  }

  /**
   * Makes the present end of the log the mark everywhere. Only this method lowers the mark; its caller
   * records that in the log.
   */
  async accept(): Promise<void> {
    this.#below = undefined;
    this.#last = await markOf(this.#options.store);
    await this.#write('lowered');
  }

  /** Writes the mark where it is due; one write after the other. */
  #write(how: How): Promise<void> {
    this.#writing = this.#writing.then(async () => {
      const mark = this.#last;
      if (mark === undefined || this.#below !== undefined) return;
      for (const place of await this.#options.places()) await this.#writeTo(place, mark, how);
    });
    this.#writing = this.#writing.catch((error: unknown) =>
      this.#options.log.warn({ err: error }, 'mark of the log'),
    );
    return this.#writing;
  }

  async #writeTo(place: MarkPlace, mark: LogMark, how: How): Promise<void> {
    const nowMs = performance.now();
    if (how === 'due' && !this.#isDue(place, mark, nowMs)) return;
    // A place that cannot be written to is tried again after its interval, not every second.
    this.#written.set(place.name, { atMs: nowMs, position: -1 });
    try {
      if (how === 'lowered' || !(await isHigher(place, mark))) await place.write(mark);
      this.#written.set(place.name, { atMs: nowMs, position: mark.position });
    } catch (error) {
      this.#options.log.warn({ err: error, place: place.name }, 'the mark of the log was not written');
    }
  }

  #isDue({ name, everyMs }: MarkPlace, { position }: LogMark, nowMs: number): boolean {
    const before = this.#written.get(name);
    return before === undefined || (before.position !== position && nowMs - before.atMs >= everyMs);
  }

  /** Writes the end of the log everywhere, without regard to the time of the last write. */
  async close(): Promise<void> {
    clearInterval(this.#timer);
    this.#hasGrown = true;
    await this.#raise('now');
  }
}

/** True when another gateway that shares the place has written a higher mark. */
async function isHigher(place: MarkPlace, { installation, position }: LogMark): Promise<boolean> {
  const kept = await place.read();
  return kept !== undefined && kept.installation === installation && kept.position > position;
}

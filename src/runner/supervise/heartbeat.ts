import { setTimeout as delay } from 'node:timers/promises';
import type { OutputFeed } from '../output/output-feed.ts';
import type { BeatAnswer, EndCause, RunnerGateway, RunUsage } from '../protocol.ts';

export interface HeartbeatOptions {
  readonly run: string;
  readonly gateway: RunnerGateway;
  readonly leaseMs: number;
  readonly output: OutputFeed;
  /** When the token that the run has ends, in seconds. */
  readonly expires: () => number;
  readonly seen: () => { readonly usage: RunUsage; readonly hasProgress: boolean };
  /** Does what the gateway answered. */
  readonly follow: (answer: BeatAnswer) => Promise<void>;
  readonly stop: (cause: EndCause, note: string) => void;
}

const lookMs = 100;
const outputMs = 1_000;
const lastBeatMs = 2_000;
const everyMsMax = 15_000;
/** Before the end of the lease by this runner's clock, so that what it started is dead by then. */
const killMs = 200;

/** Keeps a run alive at the gateway: a third of the lease apart, sooner when there is output to bring. */
export class Heartbeat {
  readonly #options: HeartbeatOptions;
  readonly #abort = new AbortController();
  readonly #cut = new AbortController();
  #lastMs = Number.NEGATIVE_INFINITY;
  #told = false;
  #reachedMs = Number.NEGATIVE_INFINITY;

  constructor(options: HeartbeatOptions) {
    this.#options = options;
  }

  /** Makes the next beat come at once. */
  nudge(): void {
    this.#lastMs = Number.NEGATIVE_INFINITY;
  }

  /** A beat that is on its way is waited for, two seconds at most: what it brought would be brought again otherwise. */
  end(): void {
    this.#abort.abort();
    setTimeout(() => this.#cut.abort(), lastBeatMs).unref();
  }

  /**
   * Beats until the end. By its own clock it knows when the lease is over, in case nobody can tell: the lease runs from when
   * the last beat that came through was sent, and a beat that is on its way does not lengthen it.
   */
  async go(): Promise<void> {
    this.#reachedMs = performance.now();
    await Promise.all([this.#beats(), this.#watchLease()]);
  }

  async #beats(): Promise<void> {
    while (!this.#abort.signal.aborted) {
      const nowMs = performance.now();
      if (this.#isDue(nowMs)) {
        this.#lastMs = nowMs;
        if (await this.#beat()) this.#reachedMs = nowMs;
      }
      await this.#rest();
    }
  }

  async #watchLease(): Promise<void> {
    const { leaseMs, stop } = this.#options;
    while (!this.#abort.signal.aborted) {
      if (performance.now() - this.#reachedMs >= leaseMs - killMs)
        stop('lost_lease', 'the gateway was not reached for the length of a lease');
      await this.#rest();
    }
  }

  async #rest(): Promise<void> {
    await delay(lookMs, undefined, { signal: this.#abort.signal }).catch(() => undefined);
  }

  #isDue(nowMs: number): boolean {
    const sinceMs = nowMs - this.#lastMs;
    const { leaseMs, output } = this.#options;
    return sinceMs >= Math.min(leaseMs / 3, everyMsMax) || (!output.isEmpty && sinceMs >= outputMs);
  }

  /** One sign of life. Resolves to false when the gateway was not reached; what it should have brought is kept. */
  async #beat(): Promise<boolean> {
    const { gateway, run, output, expires, seen, follow, stop } = this.#options;
    const pieces = output.take();
    const { usage, hasProgress } = seen();
    const progressed = hasProgress && !this.#told;
    try {
      const signal = AbortSignal.any([this.#cut.signal, AbortSignal.timeout(this.#options.leaseMs)]);
      const report = { usage, progressed, output: pieces, expires: expires() };
      const answer = await gateway.beat(run, report, signal);
      if (answer === 'lost') {
        stop('lost_lease', 'the gateway gave the run up');
        return true;
      }
      if (progressed) this.#told = true;
      await follow(answer);
      return true;
    } catch {
      for (const piece of pieces) output.add(Buffer.from(piece));
      return false;
    }
  }
}

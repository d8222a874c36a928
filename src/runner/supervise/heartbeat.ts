import { setTimeout as delay } from 'node:timers/promises';
import type { OutputFeed } from '../output/output-feed.ts';
import type { BeatAnswer, EndCause, RunnerGateway, RunUsage } from '../protocol.ts';

/** The run whose heartbeat is sent. */
export interface HeartbeatOptions {
  readonly run: string;
  readonly gateway: RunnerGateway;
  readonly leaseMs: number;
  readonly output: OutputFeed;
  /** End of the run's present token, in seconds since 1970. */
  readonly expires: () => number;
  readonly seen: () => { readonly usage: RunUsage; readonly hasProgress: boolean };
  /** Carries out the gateway's answer. */
  readonly follow: (answer: BeatAnswer) => Promise<void>;
  readonly stop: (cause: EndCause, note: string) => void;
}

const lookMs = 100;
const outputMs = 1_000;
const lastBeatMs = 2_000;
const everyMsMax = 15_000;
/**
 * Time before the end of the lease, by this runner's clock, at which its processes are killed, so that they
 * are dead by then.
 */
const killMs = 200;

/** Keeps a run alive at the gateway: one beat every third of the lease, sooner when there is output to send. */
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

  /** Requests the next beat at once. */
  nudge(): void {
    this.#lastMs = Number.NEGATIVE_INFINITY;
  }

  /**
   * Ends the beats. A beat under way is awaited for two seconds at most: otherwise its output would be sent
   * again.
   */
  end(): void {
    this.#abort.abort();
    setTimeout(() => this.#cut.abort(), lastBeatMs).unref();
  }

  /**
   * Beats until the end. The runner's own clock tells the end of the lease when the gateway cannot: the lease
   * runs from the sending of the last beat that came through, and a beat under way does not extend it.
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

  /** Sends one sign of life. Resolves to false when the gateway was not reached; the content of the beat is kept. */
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

import type { EndCause, RunSettings, RunUsage } from './ports.ts';

/** What an agent program reports of itself on its output. */
export interface AgentReport {
  /** What the run has spent so far, in all. */
  readonly usage?: RunUsage | undefined;
  /** One turn of the agent is over; the calls that it made, as text that is equal for equal calls. */
  readonly turn?: { readonly calls: readonly string[] } | undefined;
}

/** What the runner sees of the work itself. */
export interface Sighting {
  /** Equal as long as no file has changed. */
  readonly work: string;
  readonly head: string | undefined;
  /** Calls of the gateway that changed something. */
  readonly changes: number;
}

export interface Breach {
  readonly cause: Extract<EndCause, 'over_budget' | 'no_progress' | 'timed_out' | 'idle'>;
  readonly note: string;
}

/**
 * Judges by what is reported and seen whether a run goes on. Pure but for what it remembers; times in milliseconds of
 * one clock that only grows.
 */
export class Watch {
  readonly #settings: RunSettings;
  readonly #maxMs: number;
  readonly #startedMs: number;
  #usage: RunUsage = { tokens: 0, usdMicro: 0, turns: 0 };
  #first: Sighting | undefined;
  #last: Sighting | undefined;
  #hasProgress = false;
  #aliveMs: number;
  #flat = 0;
  #changedSinceTurn = false;
  readonly #calls = new Set<string>();
  #breach: Breach | undefined;

  constructor(settings: RunSettings, maxMs: number, nowMs: number) {
    this.#settings = settings;
    this.#maxMs = maxMs;
    this.#startedMs = nowMs;
    this.#aliveMs = nowMs;
  }

  get usage(): RunUsage {
    return this.#usage;
  }

  /** Whether the run has got anywhere: a commit, or a call that changed something. */
  get hasProgress(): boolean {
    return this.#hasProgress;
  }

  /** It printed something or called the gateway. */
  alive(nowMs: number): void {
    this.#aliveMs = nowMs;
  }

  saw(sighting: Sighting): void {
    this.#first ??= sighting;
    const { work, head, changes } = this.#last ?? sighting;
    if (work !== sighting.work || head !== sighting.head || changes !== sighting.changes)
      this.#changedSinceTurn = true;
    if (sighting.head !== this.#first.head || sighting.changes > 0) this.#hasProgress = true;
    this.#last = sighting;
  }

  /** What the agent's program says. */
  heard({ usage, turn }: AgentReport): void {
    if (usage !== undefined) this.#usage = grown(this.#usage, usage);
    if (turn !== undefined) this.#turned(turn.calls);
  }

  /** A turn is flat when nothing changed since the last one and no call was new. */
  #turned(calls: readonly string[]): void {
    this.#usage = { ...this.#usage, turns: this.#usage.turns + 1 };
    const fresh = calls.filter((call) => !this.#calls.has(call));
    for (const call of fresh) this.#calls.add(call);
    this.#flat = this.#changedSinceTurn || fresh.length > 0 ? 0 : this.#flat + 1;
    this.#changedSinceTurn = false;
    const { flatTurns } = this.#settings;
    if (flatTurns === 0 || this.#flat < flatTurns) return;
    const note = `${this.#flat} turns in a row changed nothing and called nothing new`;
    this.#breach ??= { cause: 'no_progress', note };
  }

  /** Why the run has to end now, or undefined. */
  breach(nowMs: number): Breach | undefined {
    this.#breach ??= this.#overTime(nowMs) ?? this.#overBudget(nowMs);
    return this.#breach;
  }

  #overTime(nowMs: number): Breach | undefined {
    const lastedMs = nowMs - this.#startedMs;
    if (lastedMs >= this.#maxMs) return { cause: 'timed_out', note: `longer than ${this.#maxMs} ms` };
    const quietMs = nowMs - this.#aliveMs;
    const { idleMs } = this.#settings;
    return quietMs >= idleMs ? { cause: 'idle', note: `no output and no call for ${idleMs} ms` } : undefined;
  }

  #overBudget(nowMs: number): Breach | undefined {
    const { budget } = this.#settings;
    const share = this.#hasProgress ? 1 : budget.beforeProgress;
    const bounds: readonly (readonly [string, number, number | undefined])[] = [
      ['tokens', this.#usage.tokens, budget.tokens],
      ['USD millionths', this.#usage.usdMicro, budget.usdMicro],
      ['ms of wall clock', nowMs - this.#startedMs, budget.wallClockMs],
    ];
    const over = bounds.find(([, spent, most]) => most !== undefined && spent > most * share);
    if (over === undefined) return undefined;
    const [what, spent, most = 0] = over;
    const before = this.#hasProgress ? '' : ' before the first progress';
    return { cause: 'over_budget', note: `${spent} ${what}, limit ${Math.round(most * share)}${before}` };
  }
}

/** Reports may come late or twice; what was spent never becomes less. */
const grown = (before: RunUsage, now: RunUsage): RunUsage => ({
  tokens: larger(before.tokens, now.tokens),
  usdMicro: larger(before.usdMicro, now.usdMicro),
  turns: before.turns,
});

/** Never more than the gateway can be told of: what a program reports may be any number. */
const larger = (a: number, b: number): number => Math.min(Number.MAX_SAFE_INTEGER, Math.max(a, b));

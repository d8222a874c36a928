import type { ContextReport } from '../context/context-report.ts';
import type { ContextSeen } from '../context/context-seen.ts';
import { ContextManifest } from '../context/manifest.ts';
import type { EndCause, ProgressMeasure, RunSettings, RunUsage } from '../protocol.ts';
import { Progress, type Sighting } from './progress.ts';

export type { Sighting } from './progress.ts';

/** A report of an agent program about itself, from its output. */
export interface AgentReport {
  /** Total usage of the run so far. */
  readonly usage?: RunUsage | undefined;
  /** A finished turn of the agent; its calls as text that is equal for equal calls. */
  readonly turn?: { readonly calls: readonly string[] } | undefined;
  /** Parts of its context, as the program showed them. */
  readonly context?: readonly ContextSeen[] | undefined;
}

/** A reason to end a run: the cause, and a note for people. */
export interface Breach {
  readonly cause: Extract<EndCause, 'over_budget' | 'no_progress' | 'timed_out' | 'idle'>;
  readonly note: string;
}

/**
 * Judges from reports and observations if a run goes on. Pure except for its memory; times in milliseconds of
 * one clock that only grows.
 */
export class Watch {
  readonly #settings: RunSettings;
  readonly #maxMs: number;
  readonly #startedMs: number;
  #usage: RunUsage = { tokens: 0, usdMicro: 0, turns: 0 };
  readonly #progress: Progress;
  readonly #context = new ContextManifest();
  #aliveMs: number;
  #breach: Breach | undefined;

  constructor(
    settings: RunSettings,
    maxMs: number,
    nowMs: number,
    measure: ProgressMeasure['kind'] = 'tree',
  ) {
    this.#settings = settings;
    this.#progress = new Progress(measure, settings.flatTurns);
    this.#maxMs = maxMs;
    this.#startedMs = nowMs;
    this.#aliveMs = nowMs;
  }

  get usage(): RunUsage {
    return this.#usage;
  }

  get hasProgress(): boolean {
    return this.#progress.hasProgress;
  }

  /** The context of the run; undefined for a program that shows nothing of it. */
  get context(): ContextReport | undefined {
    return this.#context.report();
  }

  /** Takes the folder of the clone, and the prompt that the program is started with. */
  begun(clone: string, prompt: string): void {
    this.#context.begun(clone, prompt);
  }

  /** True when the failing tests of the run should be counted now. */
  get wantsCount(): boolean {
    return this.#progress.wantsCount;
  }

  /** Notes a sign of life: output, or a call of the gateway. */
  alive(nowMs: number): void {
    this.#aliveMs = nowMs;
  }

  saw(sighting: Sighting): void {
    this.#progress.saw(sighting);
    this.#mindCircles();
  }

  /** Takes the number of tests that fail on the tree of the run. */
  counted(failing: number): void {
    this.#progress.counted(failing);
    this.#mindCircles();
  }

  /** Takes a report of the agent's program. */
  heard({ usage, turn, context = [] }: AgentReport): void {
    for (const seen of context) this.#context.saw(seen);
    if (usage !== undefined) this.#usage = grown(this.#usage, usage);
    if (turn !== undefined) this.#turned(turn.calls);
  }

  #turned(calls: readonly string[]): void {
    this.#usage = { ...this.#usage, turns: this.#usage.turns + 1 };
    this.#progress.turned(calls);
    this.#mindCircles();
  }

  #mindCircles(): void {
    const { circle } = this.#progress;
    if (circle !== undefined) this.#breach ??= { cause: 'no_progress', note: circle };
  }

  /** The reason why the run has to end now, or undefined. */
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
    const share = this.hasProgress ? 1 : budget.beforeProgress;
    const bounds: readonly (readonly [string, number, number | undefined])[] = [
      ['tokens', this.#usage.tokens, budget.tokens],
      ['USD millionths', this.#usage.usdMicro, budget.usdMicro],
      ['ms of wall clock', nowMs - this.#startedMs, budget.wallClockMs],
    ];
    const loaded = this.#context.mostTokens;
    // A context is as large as it is, before the first progress and after it.
    if (budget.context !== undefined && loaded > budget.context)
      return { cause: 'over_budget', note: `a context of ${loaded} tokens, limit ${budget.context}` };
    const over = bounds.find(([, spent, most]) => most !== undefined && spent > most * share);
    if (over === undefined) return undefined;
    const [what, spent, most = 0] = over;
    const before = this.hasProgress ? '' : ' before the first progress';
    return { cause: 'over_budget', note: `${spent} ${what}, limit ${Math.round(most * share)}${before}` };
  }
}

/** The larger usage of two reports: reports may come late or twice, and usage never shrinks. */
const grown = (before: RunUsage, now: RunUsage): RunUsage => ({
  tokens: larger(before.tokens, now.tokens),
  usdMicro: larger(before.usdMicro, now.usdMicro),
  turns: before.turns,
});

/** Bounded by the largest number that the gateway accepts: a program may report any number. */
const larger = (a: number, b: number): number => Math.min(Number.MAX_SAFE_INTEGER, Math.max(a, b));

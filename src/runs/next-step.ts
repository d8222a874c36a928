import type { Judged, Outcome } from './outcome.ts';

/** Consequences of an outcome. */
export interface NextStep {
  /** Another attempt may be made, if the cap allows one; `once`: one is made whatever the cap says, and no second. */
  readonly retry: boolean | 'once';
  /** The stop that the outcome calls for where no other attempt follows, with its cause. */
  readonly stop: { readonly colour: 'yellow' | 'red'; readonly cause: StopCause } | null;
  /** The tiers that are told at once. */
  readonly tell: readonly ('executive' | 'human')[];
}

/** Cause of a stop that follows from an outcome. */
export type StopCause = 'verdict' | 'missing_verdict' | 'nothing_done';

const step = (
  retry: NextStep['retry'],
  tell: NextStep['tell'] = [],
  stop: NextStep['stop'] = null,
): NextStep => ({
  retry,
  stop,
  tell,
});

const red = (cause: StopCause): NextStep['stop'] => ({ colour: 'red', cause });
const yellow = (cause: StopCause): NextStep['stop'] => ({ colour: 'yellow', cause });

const everybody = ['executive', 'human'] as const;

/**
 * The one table of the consequences of outcomes. Every outcome has its row: a new one does not compile
 * without a row, and there is no row for anything else.
 */
const steps = {
  shipped: step(false),
  halted: step(false, everybody, red('verdict')),
  // Asked for once more; a run that cannot write a file has not said more than is true.
  missing_verdict: step('once', everybody, yellow('missing_verdict')),
  no_progress: step(false, ['executive']),
  failed_verdict: step(true, ['executive']),
  over_budget: step(false, ['executive']),
  timed_out: step(true),
  crashed: step(true),
  lost_lease: step(true),
  spawn_failed: step(true),
  cancelled: step(false),
} as const satisfies Record<Outcome, NextStep>;

const saidMoreThanTrue = step(false, everybody, red('nothing_done'));

/** Outcomes in which all is well, or as somebody wished: nobody has to be told that nothing more follows. */
const settled: ReadonlySet<Outcome> = new Set(['shipped', 'cancelled']);

/** True when somebody has to be told that no other attempt follows: the work of the run waits for a person then. */
export const isLeft = ({ outcome }: Pick<Judged, 'outcome'>): boolean => !settled.has(outcome);

/** True when a reviewer ended without a judgement: the change still waits, and needs another reviewer. */
export const isReviewLost = ({ outcome }: Pick<Judged, 'outcome'>): boolean =>
  steps[outcome].retry !== false || outcome === 'no_progress';

/**
 * The consequences of the end of a run: the row of its outcome, or a stop when its claims contradict the
 * evidence.
 */
export const nextStep = ({ outcome, contradiction }: Pick<Judged, 'outcome' | 'contradiction'>): NextStep =>
  contradiction ? saidMoreThanTrue : steps[outcome];

const firstDelayMs = 10_000;
const delayMsMax = 15 * 60_000;

/** An attempt shorter than this has met a fault outside: a service, a program or a network that is down. */
const quickMs = 60_000;
const quickFactor = 6;

/**
 * Pause before the next attempt after one that took `ranMs`: without it, all attempts would be used up in one
 * outage.
 */
export const pauseMs = (attempt: number, share: number, ranMs: number): number =>
  Math.min(delayMsMax, backoffMs(attempt, share) * (ranMs < quickMs ? quickFactor : 1));

/** Pause before attempt `attempt` + 1: doubled each time, at most 15 minutes, spread by half by `share` (0 to 1). */
export function backoffMs(attempt: number, share: number): number {
  const whole = Math.min(delayMsMax, firstDelayMs * 2 ** Math.max(0, attempt - 1));
  return Math.round(whole / 2 + (whole / 2) * share);
}

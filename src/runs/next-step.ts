import type { Judged, Outcome } from './outcome.ts';

/** What follows from an outcome. */
export interface NextStep {
  /** Another attempt may be made, if the cap allows one; `once`: one is made whatever the cap says, and no second. */
  readonly retry: boolean | 'once';
  /** The stop that the outcome calls for where no other attempt follows, and why. */
  readonly stop: { readonly colour: 'yellow' | 'red'; readonly cause: StopCause } | null;
  /** Who hears of it at once. */
  readonly tell: readonly ('executive' | 'human')[];
}

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
 * The one table of what follows from an outcome. Every outcome has its row: a new one does not compile until somebody
 * has decided what follows from it, and there is no row for anything else.
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

/** Outcomes after which all is well, or as somebody wished: nobody has to hear that nothing more happens by itself. */
const settled: ReadonlySet<Outcome> = new Set(['shipped', 'cancelled']);

/** True when somebody has to be told that no other attempt follows: what the run was for waits for a person then. */
export const isLeft = ({ outcome }: Pick<Judged, 'outcome'>): boolean => !settled.has(outcome);

/** True when a reviewer ended without a judgement: the change waits on, and has to be given to another. */
export const isReviewLost = ({ outcome }: Pick<Judged, 'outcome'>): boolean =>
  steps[outcome].retry !== false || outcome === 'no_progress';

/** What follows from the end of a run: its row of the table, or a stop when it said more than is true. */
export const nextStep = ({ outcome, contradiction }: Pick<Judged, 'outcome' | 'contradiction'>): NextStep =>
  contradiction ? saidMoreThanTrue : steps[outcome];

const firstDelayMs = 10_000;
const delayMsMax = 15 * 60_000;

/** An attempt that ends sooner than this has met something that is down: a service, a program, a network. */
const quickMs = 60_000;
const quickFactor = 6;

/** How long before the next attempt after one that took `ranMs`: one that ended at once is not tried again at once, or all are burnt in one outage. */
export const pauseMs = (attempt: number, share: number, ranMs: number): number =>
  Math.min(delayMsMax, backoffMs(attempt, share) * (ranMs < quickMs ? quickFactor : 1));

/** How long before attempt `attempt` + 1: doubled each time, at most 15 minutes, spread by half by `share` (0 to 1). */
export function backoffMs(attempt: number, share: number): number {
  const whole = Math.min(delayMsMax, firstDelayMs * 2 ** Math.max(0, attempt - 1));
  return Math.round(whole / 2 + (whole / 2) * share);
}

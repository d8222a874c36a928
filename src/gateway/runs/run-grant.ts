import type { Reason } from '../../lib/decision.ts';
import { durationMs, type Plan } from '../../plan/plan.ts';
import { actionsOf } from '../../plan/trigger-actions.ts';
import { checkTrigger } from '../../plan/trigger-check.ts';
import type { PlanTrigger } from '../../plan/triggers.ts';
import { nextSlots } from '../../schedule/slots.ts';
import { endReasons } from '../../tiers/grant-end.ts';
import { timedOf } from '../../triggers/rows.ts';
import { profileOf } from '../auth/minting.ts';

/** Time in milliseconds by which a grant outlives its run, for reporting the end and submitting pushed work. */
export const runGraceMs = 10 * 60_000;

// A run may wait for a runner for a day; when it is taken, its grant is extended to the duration of the run.
const waitingMs = 86_400_000;

/** Least time in milliseconds that a run needs its grant, when a runner takes it at once. */
export const neededMs = ({ maxMs, delayMs }: { readonly maxMs: number; readonly delayMs: number }): number =>
  delayMs + maxMs + runGraceMs;

/**
 * Lifetime in seconds of the grant of a waiting run: time to wait for a runner, as far as the spawner's grant
 * lasts.
 */
export function waitingSeconds(run: { maxMs: number; delayMs: number }, parentEnd: Date, now: Date): number {
  const leftMs = parentEnd.getTime() - now.getTime();
  return Math.max(1, Math.floor(Math.min(leftMs, Math.max(waitingMs, neededMs(run))) / 1000));
}

/**
 * Reasons why an owner's grant ends before a run of this trigger could: the run at the trigger's first time,
 * or at once when none is known. Answers none without a time or a grant: other checks refuse those.
 */
export function triggerEndReasons(
  name: string,
  trigger: PlanTrigger,
  plan: Plan,
  { end, now }: { readonly end: Date | undefined; readonly now: Date },
): Reason[] {
  if (end === undefined || checkTrigger(plan, name, trigger).length > 0) return [];
  const first = firstMs(name, trigger, now.getTime());
  return actionsOf(trigger).flatMap((action) => {
    const profile = action.kind === 'spawn' ? profileOf(plan, action.profile) : undefined;
    if (action.kind !== 'spawn' || profile === undefined) return [];
    const maxMs = durationMs(action.maxDuration ?? profile.maxDuration);
    return endReasons(`trigger/${name}`, first + neededMs({ maxMs, delayMs: 0 }), end);
  });
}

function firstMs(name: string, trigger: PlanTrigger, nowMs: number): number {
  if (trigger.cron === undefined && trigger.every === undefined) return nowMs;
  return nextSlots(timedOf(name, trigger), nowMs, 1)[0]?.atMs ?? nowMs;
}

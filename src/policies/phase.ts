import { type Reason, reason } from '../lib/decision.ts';
import type { Capability } from '../tiers/capability.ts';

/** The phase of a task, and the phases of the plan that are open. */
export interface PhaseFacts {
  readonly cap: Pick<Capability, 'phases'>;
  readonly phase: string;
  readonly open: readonly string[];
}

/** Work happens in a phase that is open (`phase.closed`) and that the grant names (`grant.phase`). */
export function phasePolicy({ cap, phase, open }: PhaseFacts): Reason[] {
  const found: Reason[] = [];
  if (!open.includes(phase)) {
    found.push(
      reason('phase.closed', phase, { limit: open.length === 0 ? 'no phase is open' : open.join(', ') }),
    );
  }
  if (!cap.phases.includes('*') && !cap.phases.includes(phase)) {
    found.push(
      reason('grant.phase', phase, { limit: cap.phases.length === 0 ? 'none' : cap.phases.join(', ') }),
    );
  }
  return found;
}

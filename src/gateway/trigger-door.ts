import type { Reason } from '../lib/decision.ts';
import type { PlanTrigger } from '../tasks/plan-triggers.ts';

/** What the gateway knows of triggers: the folder that fires them is above it. */
export interface TriggerDoor {
  /** What of a trigger this gateway could not carry out: commands and targets that its operator did not name. */
  faults(name: string, trigger: PlanTrigger): Reason[];
  /** Slots may be waiting: fire them. */
  wake(): void;
}

import type { EffectEvent } from '../gateway/door/definitions.ts';
import type { Reason } from '../lib/decision.ts';
import type { EventDraft } from '../store/events.ts';
import type { Tx } from '../store/store.ts';
import type { Plan } from '../tasks/plan.ts';
import type { TriggerAction } from '../tasks/plan-triggers.ts';
import type { TriggerRow } from '../tasks/trigger-rows.ts';
import type { Action } from '../tiers/actions.ts';
import type { Grant } from '../tiers/capability.ts';
import type { Cause } from './queue.ts';

/** What an action is carried out with, in the transaction of the fire. */
export interface Firing {
  readonly row: TriggerRow;
  readonly action: TriggerAction;
  readonly slot: string;
  readonly cause: Cause;
  readonly now: Date;
  readonly plan: Plan | undefined;
  readonly epoch: number;
  /** The standing grant of the owner. */
  readonly grant: Grant;
}

/** What an action did: the run or task that it made, and its events. */
export interface Done {
  readonly made?: string;
  readonly events?: readonly (EffectEvent | EventDraft)[];
}

/** An action of triggers. Facts are read before the decision, under the locks; the effect is made after it. */
export interface TriggerActionPort<Facts = unknown> {
  /** What the owner must be allowed to do for the trigger to do it. */
  readonly needs: Action;
  /** True when it changes what the project's lock protects, and takes it alone. */
  readonly exclusive?: boolean;
  facts(tx: Tx, firing: Firing): Promise<Facts>;
  /** Pure. */
  reasons(firing: Firing, facts: Facts): readonly Reason[];
  make(tx: Tx, firing: Firing, facts: Facts): Promise<Done>;
}

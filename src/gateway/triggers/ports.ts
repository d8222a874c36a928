import { allowed, type Decision, isDenied } from '../../lib/decision.ts';
import type { Plan } from '../../plan/plan.ts';
import type { ActionOf, TriggerAction, TriggerActionKind } from '../../plan/trigger-actions.ts';
import type { EmittedEvent } from '../../store/log/events.ts';
import type { Tx } from '../../store/store.ts';
import type { Action } from '../../tiers/actions.ts';
import type { Grant } from '../../tiers/capability.ts';
import type { FireCause } from '../../triggers/cause.ts';
import type { TriggerRow } from '../../triggers/rows.ts';

/** What an action is carried out with, in the transaction of the fire. */
export interface Firing {
  readonly row: TriggerRow;
  readonly action: TriggerAction;
  readonly slot: string;
  readonly cause: FireCause;
  readonly now: Date;
  readonly plan: Plan | undefined;
  readonly epoch: number;
  /** The standing grant of the owner. */
  readonly grant: Grant;
}

/** What an action did: the run or task that it made, and its events. */
export interface Done {
  readonly made?: string;
  readonly events?: readonly EmittedEvent[];
}

/** Carries out what was decided, in the transaction of the fire. */
export type Make = (tx: Tx) => Promise<Done>;

/** An action of triggers as firing knows it: its facts are read under the locks, then decided, then made. */
export interface TriggerActionPort {
  /** The action that the owner must be allowed to do for the trigger to do it. */
  readonly needs: Action;
  /** True when it changes what the project's lock protects, and takes it alone. */
  readonly exclusive?: boolean | undefined;
  /** Reads the facts; what it answers decides by them, and is pure. */
  read(tx: Tx, firing: Firing): Promise<() => Decision<Make>>;
}

/** One kind of action, written down with its own types. */
export interface ActionParts<Kind extends TriggerActionKind, Facts, Decided> {
  readonly needs: Action;
  readonly exclusive?: boolean;
  facts?(tx: Tx, firing: FiringOf<Kind>): Promise<Facts>;
  /** Pure. */
  decide(firing: FiringOf<Kind>, facts: Facts): Decision<Decided>;
  make(tx: Tx, firing: FiringOf<Kind>, decided: Decided): Promise<Done>;
}

export type FiringOf<Kind extends TriggerActionKind> = Firing & { readonly action: ActionOf<Kind> };

const isOf = <Kind extends TriggerActionKind>(firing: Firing, kind: Kind): firing is FiringOf<Kind> =>
  firing.action.kind === kind;

/** The port of a kind of action. */
export function actionPort<Kind extends TriggerActionKind, Facts, Decided>(
  kind: Kind,
  { needs, exclusive, facts, decide, make }: ActionParts<Kind, Facts, Decided>,
): TriggerActionPort {
  return {
    needs,
    exclusive,
    read: async (tx, firing) => {
      if (!isOf(firing, kind)) throw new Error(`an action ${firing.action.kind} at the port of ${kind}`);
      // Absent without a function that reads them, and so is their type.
      const found = (await facts?.(tx, firing)) as Facts;
      return () => {
        const decision = decide(firing, found);
        if (isDenied(decision)) return decision;
        return allowed((making) => make(making, firing, decision.decided));
      };
    },
  };
}

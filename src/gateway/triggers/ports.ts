import { allowed, type Decision, isDenied } from '../../lib/decision.ts';
import type { Plan } from '../../plan/plan.ts';
import type { ActionOf, TriggerAction, TriggerActionKind } from '../../plan/trigger-actions.ts';
import type { EmittedEvent } from '../../store/log/events.ts';
import type { Tx } from '../../store/store.ts';
import type { Action } from '../../tiers/actions.ts';
import type { Grant } from '../../tiers/capability.ts';
import type { FireCause } from '../../triggers/cause.ts';
import type { TriggerRow } from '../../triggers/rows.ts';

/** Context of an action, in the transaction of the fire. */
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

/** The result of an action: the run or task that it made, and its events. */
export interface Done {
  readonly made?: string;
  readonly events?: readonly EmittedEvent[];
}

/** Carries out the decided action, in the transaction of the fire. */
export type Make = (tx: Tx) => Promise<Done>;

/**
 * An action of triggers for the code that fires: its facts are read under the locks, then it is decided, then
 * made.
 */
export interface TriggerActionPort {
  /** The action that the owner must be allowed to do for the trigger to do it. */
  readonly needs: Action;
  /** True when the action changes state under the project's lock, and takes that lock exclusively. */
  readonly exclusive?: boolean | undefined;
  /** Reads the facts; the function that it answers decides by them, and is pure. */
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

/** A fire whose action is of one kind. */
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
      // An action without `facts` has none, and its type says so.
      const found = (await facts?.(tx, firing)) as Facts;
      return () => {
        const decision = decide(firing, found);
        if (isDenied(decision)) return decision;
        return allowed((making) => make(making, firing, decision.decided));
      };
    },
  };
}

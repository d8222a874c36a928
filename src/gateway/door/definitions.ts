import type { z } from 'zod';
import type { Permit, Reason } from '../../lib/decision.ts';
import type { EventDraft } from '../../store/events.ts';
import type { Tx } from '../../store/store.ts';
import type { Action } from '../../tiers/actions.ts';
import type { AccessRequest } from '../../tiers/authorise.ts';
import type { Grant } from '../../tiers/capability.ts';
import type { Entered } from './enter.ts';
import type { Gateway } from './gateway.ts';

/** Every input names the project it is about. */
export type ProjectInput = { readonly project: string };

/** One call at the door. */
export interface Call {
  readonly grant: Grant;
  /** Chosen by the client; a retry with it gets the stored answer. */
  readonly requestId: string | undefined;
  /** One of several calls that share the request id. */
  readonly batch?: boolean;
}

/** An event of an effect; the door fills in who and by which grant. */
export type EffectEvent = Pick<EventDraft, 'type' | 'subject' | 'data'> & Partial<Pick<EventDraft, 'id'>>;

export interface Effect<Answer> {
  readonly answer: Answer;
  readonly events: readonly (EffectEvent | EventDraft)[];
}

/** Everything that a decision reads. */
export interface Facts<Input, Fixed, Moving> {
  readonly grant: Grant;
  readonly input: Input;
  /** Immutable, computed before the transaction. */
  readonly fixed: Fixed;
  /** Read inside the transaction, under its locks. */
  readonly moving: Moving;
  readonly entered: Entered;
}

/** What the moving facts are read with. */
export interface Before<Input, Fixed> {
  readonly grant: Grant;
  readonly input: Input;
  readonly fixed: Fixed;
  readonly entered: Promise<Entered>;
}

/** The part of an access request that an input decides. */
export type AccessDetail = Omit<AccessRequest, 'action' | 'project'>;

/** A procedure that changes state. The members stand in the order in which the door runs them. */
export interface MutationDefinition<
  A extends Action,
  Input extends ProjectInput,
  Fixed,
  Moving,
  Answer,
  Raw = unknown,
> {
  readonly action: A;
  readonly description: string;
  /** `Raw` is what a client sends: members with a default may be left out. */
  readonly input: z.ZodType<Input, Raw>;
  /** True where phases, revocations or the plan move: the project's lock is then taken alone. */
  readonly exclusive?: boolean;
  /** True for the renewal alone: it must see a token that was replaced before, to tell theft. */
  readonly acceptsReplaced?: boolean;
  /** True for the little that is allowed while the database is below the mark of its log: it only takes away, or accepts. */
  readonly whileBelow?: boolean;
  readonly access?: (input: Input) => AccessDetail;
  readonly fixed: (gateway: Gateway, input: Input, call: Call) => Promise<Fixed>;
  /**
   * Sent right behind the locks, before their answer is here, which saves a round trip; whoever needs what `entered`
   * says awaits it. Changes nothing: the call may yet be refused.
   */
  readonly moving: (tx: Tx, before: Before<Input, Fixed>) => Promise<Moving>;
  /** Pure. Every reason against it; none allows it. */
  readonly decide: (facts: Facts<Input, Fixed, Moving>) => readonly Reason[];
  readonly effect: (
    tx: Tx,
    permit: Permit<A>,
    facts: Facts<Input, Fixed, Moving>,
    gateway: Gateway,
  ) => Promise<Effect<Answer>>;
  /** The answer as the effect gives it, from the JSON that the store keeps of it. */
  readonly revive?: (stored: Answer) => Answer;
  /** After the commit: wakes what goes on by itself. Also turns a stored answer into one with a fresh token. */
  readonly after?: (gateway: Gateway, answer: Answer, input: Input) => Promise<Answer> | Answer;
}

/** A procedure that only reads: decided in memory, appends nothing. */
export interface QueryDefinition<A extends Action, Input extends ProjectInput, Answer, Raw = unknown> {
  readonly action: A;
  readonly description: string;
  readonly input: z.ZodType<Input, Raw>;
  readonly access?: (input: Input) => AccessDetail;
  readonly answer: (gateway: Gateway, input: Input, call: Call) => Promise<Answer> | Answer;
}

/** What the router knows about a procedure without calling it. */
export interface ProcedureMeta {
  readonly action: Action;
  readonly description: string;
}

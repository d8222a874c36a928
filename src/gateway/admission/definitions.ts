import type { z } from 'zod';
import type { Decision, Permit } from '../../lib/decision.ts';
import type { EmittedEvent } from '../../store/log/events.ts';
import type { Tx } from '../../store/store.ts';
import type { Action } from '../../tiers/actions.ts';
import type { AccessRequest } from '../../tiers/authorise.ts';
import type { Call } from './admission.ts';
import type { Entered } from './enter.ts';

/** Every input names its project. */
export type ProjectInput = { readonly project: string };

/** The answer of a mutation, and its events. */
export interface Effect<Answer> {
  readonly answer: Answer;
  /** Events without a head: admission fills in principal and grant. */
  readonly events: readonly EmittedEvent[];
}

/** A call before its transaction has the locks. */
export interface Asked<Input, Prepared = undefined> extends Pick<Call, 'grant' | 'token'> {
  readonly input: Input;
  /** Immutable facts, computed before the transaction. */
  readonly prepared: Prepared;
}

/** A call while its transaction takes the locks, for reading facts in the same round trip. */
export interface Entering<Input, Prepared = undefined> extends Asked<Input, Prepared> {
  readonly entered: Promise<Entered>;
}

/** All facts that a decision reads. */
export interface Case<Input, Prepared = undefined, Facts = undefined> extends Asked<Input, Prepared> {
  /** Read inside the transaction, under its locks. */
  readonly facts: Facts;
  readonly entered: Entered;
}

/** The part of an access request that the input determines. */
export type AccessDetail = Omit<AccessRequest, 'action' | 'project'>;

/** A procedure that changes state. The functions stand in the order in which admission runs them. */
export interface MutationDefinition<
  A extends Action,
  Input extends ProjectInput,
  Prepared,
  Facts,
  Decided,
  Answer,
  Raw = unknown,
> {
  readonly action: A;
  readonly description: string;
  /** `Raw` is the form that a client sends: members with a default may be left out. */
  readonly input: z.ZodType<Input, Raw>;
  /** True for a procedure that changes phases, revocations or the plan: it takes the project's lock exclusively. */
  readonly exclusive?: boolean;
  /** True for the renewal alone: it must see a replaced token, to detect theft. */
  readonly acceptsReplaced?: boolean;
  /**
   * True for the few procedures that are allowed while the database is below the mark of its log: they take
   * rights away, or accept the loss.
   */
  readonly whileBelow?: boolean;
  readonly access?: (input: Input) => AccessDetail;
  /** Prepares, before the transaction, immutable facts that cost work (git, parsing); absent when there are none. */
  readonly prepare?: (input: Input) => Promise<Prepared> | Prepared;
  /**
   * Reads facts right behind the locks, before their answer has arrived, which saves a round trip; code that
   * needs `entered` awaits it. Changes nothing: the call may yet be refused.
   */
  readonly facts?: (tx: Tx, entering: Entering<Input, Prepared>) => Promise<Facts> | Facts;
  /** Pure. Denies with every reason, or allows with the decided values. */
  readonly decide: (found: Case<Input, Prepared, Facts>) => Decision<Decided>;
  /** Carries out the decided values of the permit; decides nothing. */
  readonly effect: (
    tx: Tx,
    permit: Permit<A, Decided>,
    found: Case<Input, Prepared, Facts>,
  ) => Promise<Effect<Answer>> | Effect<Answer>;
  /** Restores the effect's answer from the JSON that the store keeps of it. */
  readonly revive?: (stored: Answer) => Answer;
  /** Runs after the commit: wakes the workers. Also turns a stored answer into one with a fresh token. */
  readonly after?: (answer: Answer, input: Input) => Promise<Answer> | Answer;
}

/** A procedure that only reads: decided in memory, appends nothing. */
export interface QueryDefinition<A extends Action, Input extends ProjectInput, Answer, Raw = unknown> {
  readonly action: A;
  readonly description: string;
  readonly input: z.ZodType<Input, Raw>;
  readonly access?: (input: Input) => AccessDetail;
  readonly answer: (input: Input, call: Call) => Promise<Answer> | Answer;
}

/** Facts about a procedure that the router knows without calling it. */
export interface ProcedureMeta {
  readonly action: Action;
  readonly description: string;
}

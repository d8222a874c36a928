import type { z } from 'zod';
import type { Decision, Permit } from '../../lib/decision.ts';
import type { EmittedEvent } from '../../store/log/events.ts';
import type { Tx } from '../../store/store.ts';
import type { Action } from '../../tiers/actions.ts';
import type { AccessRequest } from '../../tiers/authorise.ts';
import type { Call } from './admission.ts';
import type { Entered } from './enter.ts';

/** Every input names the project it is about. */
export type ProjectInput = { readonly project: string };

export interface Effect<Answer> {
  readonly answer: Answer;
  /** Admission fills in who and by which grant. */
  readonly events: readonly EmittedEvent[];
}

/** A call before its transaction has the locks. */
export interface Asked<Input, Prepared = undefined> extends Pick<Call, 'grant' | 'token'> {
  readonly input: Input;
  /** Immutable, computed before the transaction. */
  readonly prepared: Prepared;
}

/** A call while its transaction takes the locks: facts are read with it. */
export interface Entering<Input, Prepared = undefined> extends Asked<Input, Prepared> {
  readonly entered: Promise<Entered>;
}

/** Everything that a decision reads. */
export interface Case<Input, Prepared = undefined, Facts = undefined> extends Asked<Input, Prepared> {
  /** Read inside the transaction, under its locks. */
  readonly facts: Facts;
  readonly entered: Entered;
}

/** The part of an access request that an input decides. */
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
  /** `Raw` is what a client sends: members with a default may be left out. */
  readonly input: z.ZodType<Input, Raw>;
  /** True where phases, revocations or the plan move: the project's lock is then taken alone. */
  readonly exclusive?: boolean;
  /** True for the renewal alone: it must see a token that was replaced before, to tell theft. */
  readonly acceptsReplaced?: boolean;
  /** True for the little that is allowed while the database is below the mark of its log: it only takes away, or accepts. */
  readonly whileBelow?: boolean;
  readonly access?: (input: Input) => AccessDetail;
  /** Prepares, before the transaction, all that is immutable and costs work (git, parsing); undefined without. */
  readonly prepare?: (input: Input) => Promise<Prepared> | Prepared;
  /**
   * Sent right behind the locks, before their answer is here, which saves a round trip; whoever needs what `entered`
   * says awaits it. Changes nothing: the call may yet be refused.
   */
  readonly facts?: (tx: Tx, entering: Entering<Input, Prepared>) => Promise<Facts> | Facts;
  /** Pure. Denies with every reason, or allows with what was decided. */
  readonly decide: (found: Case<Input, Prepared, Facts>) => Decision<Decided>;
  /** Carries out what the permit says was decided; decides nothing. */
  readonly effect: (
    tx: Tx,
    permit: Permit<A, Decided>,
    found: Case<Input, Prepared, Facts>,
  ) => Promise<Effect<Answer>> | Effect<Answer>;
  /** The answer as the effect gives it, from the JSON that the store keeps of it. */
  readonly revive?: (stored: Answer) => Answer;
  /** After the commit: wakes what goes on by itself. Also turns a stored answer into one with a fresh token. */
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

/** What the router knows about a procedure without calling it. */
export interface ProcedureMeta {
  readonly action: Action;
  readonly description: string;
}

import type { Reason } from '../../lib/decision.ts';
import type { Tx } from '../../store/store.ts';
import type { Action } from '../../tiers/actions.ts';
import type { Admission, Call } from './admission.ts';
import type { Asked, MutationDefinition, ProjectInput } from './definitions.ts';
import { type Entered, enter } from './enter.ts';
import { entryReasons } from './entry.ts';

/** A call that has entered: the reasons against its entry, and the facts of its decision, which count without any. */
export interface EnteredWithFacts<Facts> {
  readonly entered: Entered;
  readonly against: readonly Reason[];
  readonly facts: Promise<Facts>;
}

/**
 * Steps 4 and 5 of admission. The facts are sent behind the locks, in one round trip; they count only once the entry
 * is judged.
 */
export async function enterWithFacts<
  A extends Action,
  Input extends ProjectInput,
  Prepared,
  Facts,
  Decided,
  Answer,
>(
  tx: Tx,
  admission: Admission,
  definition: MutationDefinition<A, Input, Prepared, Facts, Decided, Answer>,
  call: Call,
  asked: Asked<Input, Prepared>,
): Promise<EnteredWithFacts<Facts>> {
  const { input } = asked;
  const entering = enter(tx, { ...call, project: input.project, exclusive: definition.exclusive === true });
  const facts = Promise.resolve(definition.facts?.(tx, { ...asked, entered: entering }) as Promise<Facts>);
  for (const pending of [entering, facts]) pending.catch(() => {});
  const entered = await entering;
  // A token that is drafted at this time has to be good by memory's clock at once, in case the database's
  // clock jumps.
  admission.seeTime(entered.now);
  return { entered, facts, against: entryReasons(admission, definition, call, input, entered) };
}

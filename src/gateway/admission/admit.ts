import { type Denied, isDenied, permit } from '../../lib/decision.ts';
import { defined } from '../../lib/defined.ts';
import { AndonError } from '../../lib/errors.ts';
import { appendEvents, type EventHead, withHead } from '../../store/log/events.ts';
import type { Tx } from '../../store/store.ts';
import type { Action } from '../../tiers/actions.ts';
import type { Admission, Call } from './admission.ts';
import type { Asked, MutationDefinition, ProjectInput } from './definitions.ts';
import { recordDenial } from './denial.ts';
import { enter } from './enter.ts';
import { enterWithFacts } from './enter-with-facts.ts';
import { entryReasons, isRefusedByMemory } from './entry.ts';
import { ofBatch, storeAnswer, storedAnswer } from './stored-answer.ts';

type CallOutcome<Answer> = Denied | { readonly answer: Answer };

/**
 * Admits every change of state, after authentication (1) and parsing (2): immutable facts are prepared (3);
 * then, in one transaction, locks are taken and the entry is judged (4), facts are read (5), the decision is
 * made (6), and its effect is carried out and recorded (7). A denial is a value, committed as an event before
 * it is answered. Errors: AndonError with every reason.
 */
export async function admit<A extends Action, Input extends ProjectInput, Prepared, Facts, Decided, Answer>(
  admission: Admission,
  definition: MutationDefinition<A, Input, Prepared, Facts, Decided, Answer>,
  given: Call,
  input: Input,
): Promise<Answer> {
  const call = ofBatch(given, definition.action, input);
  const outcome =
    (await refusedEarly(admission, definition, call, input)) ??
    (await prepareAndDecide(admission, definition, call, input));
  admission.sequencer.wake();
  admission.metrics.decided(definition.action, !('reasons' in outcome));
  if ('reasons' in outcome) throw new AndonError(outcome.reasons);
  return definition.after === undefined ? outcome.answer : await definition.after(outcome.answer, input);
}

async function prepareAndDecide<
  A extends Action,
  Input extends ProjectInput,
  Prepared,
  Facts,
  Decided,
  Answer,
>(
  admission: Admission,
  definition: MutationDefinition<A, Input, Prepared, Facts, Decided, Answer>,
  call: Call,
  input: Input,
): Promise<CallOutcome<Answer>> {
  const { grant, token } = call;
  // 3. A definition without `prepare` has no prepared facts, and its type says so.
  const prepared = (await definition.prepare?.(input)) as Prepared;
  const asked = { grant, token, input, prepared };
  return admission.store.transaction((tx) => decideAndCarryOut(tx, admission, definition, call, asked));
}

async function decideAndCarryOut<
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
): Promise<CallOutcome<Answer>> {
  const { action, revive } = definition;
  const { input } = asked;
  // 4 and 5. Both are sent at once; the facts count only once the entry is judged.
  const { entered, facts, against } = await enterWithFacts(tx, admission, definition, call, asked);
  const [first, ...others] = against;
  if (first !== undefined) return deny(tx, action, call, input, { reasons: [first, ...others] });
  const stored = storedAnswer(action, call, input, entered);
  if (stored !== undefined) return isDenied(stored) ? stored : { answer: revived(revive, stored.decided) };
  // 6. The decision hands on all that the effect needs.
  const found = { ...asked, entered, facts: await facts };
  const decision = definition.decide(found);
  if (isDenied(decision)) return deny(tx, action, call, input, decision);
  // 7. The transaction of an effect also records it.
  const { answer, events } = await definition.effect(tx, permit(action, decision), found);
  const head = headOf(action, call, input);
  appendEvents(
    tx,
    events.map((one) => withHead(head, one)),
  );
  storeAnswer(tx, action, call, input, answer);
  return { answer };
}

/**
 * Refuses from memory a call that is plainly not allowed, since preparing costs work; the transaction then
 * reads the database and records the denial. Undefined when memory was wrong, or has nothing against the
 * call.
 */
async function refusedEarly<Input extends ProjectInput>(
  admission: Admission,
  definition: Parameters<typeof entryReasons<Input>>[1],
  call: Call,
  input: Input,
): Promise<Denied | undefined> {
  if (!isRefusedByMemory(admission, definition, call, input)) return undefined;
  return admission.store.transaction(async (tx) => {
    const { grant, token } = call;
    const entered = await enter(tx, { project: input.project, exclusive: false, grant, token });
    const [first, ...others] = entryReasons(admission, definition, call, input, entered);
    if (first === undefined) return undefined;
    return deny(tx, definition.action, call, input, { reasons: [first, ...others] });
  });
}

async function deny(
  tx: Tx,
  action: Action,
  call: Call,
  { project }: ProjectInput,
  { reasons }: Denied,
): Promise<Denied> {
  await recordDenial(tx, call, { project, action, subject: reasons[0].subject, reasons });
  return { reasons };
}

const revived = <Answer>(revive: ((stored: Answer) => Answer) | undefined, stored: unknown): Answer =>
  revive === undefined ? (stored as Answer) : revive(stored as Answer);

const headOf = (action: Action, { grant, requestId }: Call, { project }: ProjectInput): EventHead => ({
  project,
  actor: grant.sub,
  gid: grant.grantId,
  action,
  ...defined({ requestId }),
});

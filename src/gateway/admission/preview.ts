import { type Reason, reasonsOf } from '../../lib/decision.ts';
import type { Action } from '../../tiers/actions.ts';
import type { Admission, Call } from './admission.ts';
import type { MutationDefinition, ProjectInput } from './definitions.ts';
import { enterWithFacts } from './enter-with-facts.ts';

/**
 * Decides a call as admission would at this moment, by the same entry, facts and decision, and stops there:
 * nothing is carried out, recorded or counted, and the project is shared with other calls. Empty when the call would be admitted. Only for definitions
 * whose preparation changes nothing.
 */
export function previewDecision<
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
): Promise<readonly Reason[]> {
  return admission.store.transaction(async (tx) => {
    const { grant, token } = call;
    const prepared = (await definition.prepare?.(input)) as Prepared;
    const asked = { grant, token, input, prepared };
    const shared = { ...definition, exclusive: false };
    // The request id is that of the preview, and stands for no answer of the call.
    const { entered, facts, against } = await enterWithFacts(tx, admission, shared, { grant, token }, asked);
    return against.length > 0
      ? against
      : reasonsOf(definition.decide({ ...asked, entered, facts: await facts }));
  });
}

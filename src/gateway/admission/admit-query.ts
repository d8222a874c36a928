import { reason } from '../../lib/decision.ts';
import { AndonError, fail } from '../../lib/errors.ts';
import type { Action } from '../../tiers/actions.ts';
import { type AccessRequest, authorise } from '../../tiers/authorise.ts';
import type { Admission, Call } from './admission.ts';
import type { ProjectInput, QueryDefinition } from './definitions.ts';
import { accessOf, rememberedFacts } from './entry.ts';

/** Silence of the feed, in milliseconds, after which memory is too old for decisions. */
export const feedSilentMsMax = 3000;
/** Time in milliseconds that a read waits for the feed after such a silence. */
const waitsMs = 1000;

/**
 * Admits a read: memory decides (verified token, revocations, epoch), which NOTIFY and the tail keep fresh;
 * while the feed stays silent the answer is refused. Allowed queries append nothing.
 */
export async function admitQuery<A extends Action, Input extends ProjectInput, Answer>(
  admission: Admission,
  definition: QueryDefinition<A, Input, Answer>,
  call: Call,
  input: Input,
): Promise<Answer> {
  await authoriseRead(admission, call, accessOf(definition, input));
  return definition.answer(input, call);
}

/** Decides a read in memory. Errors: AndonError with every reason; `gateway.unready` when memory is stale. */
export async function authoriseRead(admission: Admission, call: Call, request: AccessRequest): Promise<void> {
  if (admission.feed.silentMs > feedSilentMsMax) await admission.feed.freshen(feedSilentMsMax, waitsMs);
  const silentMs = admission.feed.silentMs;
  if (silentMs > feedSilentMsMax)
    throw fail('gateway.unready', 'feed', {
      found: `${Math.round(silentMs)} ms silent`,
      limit: feedSilentMsMax,
    });
  const facts = rememberedFacts(admission, call, request.project);
  const [first, ...rest] = authorise(call.grant, request, facts);
  if (first !== undefined) {
    admission.metrics.decided(request.action, false);
    throw new AndonError([first, ...rest]);
  }
  if (!admission.tokens.knowsProject(request.project) && request.project !== '*')
    throw new AndonError([reason('project.missing', request.project)]);
  admission.metrics.decided(request.action, true);
}

import { reason } from '../../lib/decision.ts';
import { AndonError, fail } from '../../lib/errors.ts';
import type { Action } from '../../tiers/actions.ts';
import { authorise } from '../../tiers/authorise.ts';
import type { Admission, Call } from './admission.ts';
import type { ProjectInput, QueryDefinition } from './definitions.ts';
import { accessOf } from './entry.ts';

/** How long the feed may be silent before memory is too old to decide by. */
export const feedSilentMsMax = 3000;
/** How long a read waits for the feed to be read, when it has been silent for that long. */
const waitsMs = 1000;

/**
 * The way through for reading: decided by memory (verified token, revocations, epoch), which NOTIFY and the tail keep
 * fresh; when the feed stays silent the answer is refused. Allowed queries append nothing.
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
export async function authoriseRead(
  admission: Admission,
  { grant }: Call,
  request: Parameters<typeof authorise>[1],
): Promise<void> {
  if (admission.feed.silentMs > feedSilentMsMax) await admission.feed.freshen(feedSilentMsMax, waitsMs);
  const silentMs = admission.feed.silentMs;
  if (silentMs > feedSilentMsMax)
    throw fail('gateway.unready', 'feed', {
      found: `${Math.round(silentMs)} ms silent`,
      limit: feedSilentMsMax,
    });
  const facts = {
    nowSeconds: admission.nowSeconds(),
    epoch: admission.tokens.epochOf(grant.cap.project),
    revoked: admission.tokens.revoked(grant),
  };
  const [first, ...rest] = authorise(grant, request, facts);
  if (first !== undefined) {
    admission.metrics.decided(request.action, false);
    throw new AndonError([first, ...rest]);
  }
  if (!admission.tokens.knowsProject(request.project) && request.project !== '*')
    throw new AndonError([reason('project.missing', request.project)]);
  admission.metrics.decided(request.action, true);
}

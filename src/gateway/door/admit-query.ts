import { reason } from '../../lib/decision.ts';
import { AndonError, fail } from '../../lib/errors.ts';
import type { Action } from '../../tiers/actions.ts';
import { authorise } from '../../tiers/authorise.ts';
import type { Call, ProjectInput, QueryDefinition } from './definitions.ts';
import type { Gateway } from './gateway.ts';

/** How long the feed may be silent before memory is too old to decide by. */
export const feedSilentMsMax = 3000;
/** How long a read waits for the feed to be read, when it has been silent for that long. */
const waitsMs = 1000;

/**
 * The way through for reading: decided by memory (verified token, revocations, epoch), which NOTIFY and the tail keep
 * fresh; when the feed stays silent the answer is refused. Allowed queries append nothing.
 */
export async function admitQuery<A extends Action, Input extends ProjectInput, Answer>(
  gateway: Gateway,
  definition: QueryDefinition<A, Input, Answer>,
  call: Call,
  input: Input,
): Promise<Answer> {
  await authoriseRead(gateway, call, {
    action: definition.action,
    project: input.project,
    ...definition.access?.(input),
  });
  return definition.answer(gateway, input, call);
}

/** Decides a read in memory. Errors: AndonError with every reason; `gateway.unready` when memory is stale. */
export async function authoriseRead(
  gateway: Gateway,
  { grant }: Call,
  request: Parameters<typeof authorise>[1],
): Promise<void> {
  if (gateway.feed.silentMs > feedSilentMsMax) await gateway.feed.freshen(feedSilentMsMax, waitsMs);
  const silentMs = gateway.feed.silentMs;
  if (silentMs > feedSilentMsMax)
    throw fail('gateway.unready', 'feed', {
      found: `${Math.round(silentMs)} ms silent`,
      limit: feedSilentMsMax,
    });
  const facts = {
    nowSeconds: gateway.nowSeconds(),
    epoch: gateway.tokens.epochOf(grant.cap.project),
    revoked: gateway.tokens.revoked(grant),
  };
  const [first, ...rest] = authorise(grant, request, facts);
  if (first !== undefined) {
    gateway.metrics.decided(request.action, false);
    throw new AndonError([first, ...rest]);
  }
  if (!gateway.tokens.knowsProject(request.project) && request.project !== '*')
    throw new AndonError([reason('project.missing', request.project)]);
  gateway.metrics.decided(request.action, true);
}

import { createHash } from 'node:crypto';
import { type Decision, decide, type Reason, reason } from '../../lib/decision.ts';
import { AndonError } from '../../lib/errors.ts';
import { limits } from '../../lib/limits.ts';
import { canonicalJson } from '../../store/chain.ts';
import { appendEvents, type EventDraft, jsonText } from '../../store/events.ts';
import { newId } from '../../store/ids.ts';
import { statement, type Tx } from '../../store/store.ts';
import type { Action } from '../../tiers/actions.ts';
import { authorise } from '../../tiers/authorise.ts';
import type { Call, EffectEvent, Facts, MutationDefinition, ProjectInput } from './definitions.ts';
import { recordDenial } from './denial.ts';
import { type Entered, enter } from './enter.ts';
import type { Gateway } from './gateway.ts';

type Outcome<Answer> = { readonly answer: Answer } | { readonly reasons: readonly [Reason, ...Reason[]] };

/**
 * The one way through for everything that changes state: fixed facts; then, in one transaction, the locks, the moving
 * facts, the decision, the effect and its events. A denial is a value and is committed as an event before it is
 * answered. Errors: AndonError with every reason.
 */
export async function admit<A extends Action, Input extends ProjectInput, Fixed, Moving, Answer>(
  gateway: Gateway,
  definition: MutationDefinition<A, Input, Fixed, Moving, Answer>,
  given: Call,
  input: Input,
): Promise<Answer> {
  const call = given.batch === true ? ofBatch(given, definition.action, input) : given;
  const outcome = await decided(gateway, definition, call, input);
  gateway.chainer.wake();
  gateway.metrics.decided(definition.action, 'answer' in outcome);
  if ('reasons' in outcome) throw new AndonError(outcome.reasons);
  return definition.after === undefined
    ? outcome.answer
    : await definition.after(gateway, outcome.answer, input);
}

/**
 * Fixed facts cost work (git, parsing), so who plainly may not is refused without them, by memory; the transaction then
 * reads the truth and records the denial. Should memory have been wrong, the call goes the whole way.
 */
async function decided<A extends Action, Input extends ProjectInput, Fixed, Moving, Answer>(
  gateway: Gateway,
  definition: MutationDefinition<A, Input, Fixed, Moving, Answer>,
  call: Call,
  input: Input,
): Promise<Outcome<Answer>> {
  const { grant } = call;
  const memory = {
    nowSeconds: gateway.nowSeconds(),
    epoch: gateway.tokens.epochOf(grant.cap.project),
    revoked: gateway.tokens.revoked(grant),
  };
  const access = { action: definition.action, project: input.project, ...definition.access?.(input) };
  if (authorise(grant, access, memory).length > 0 || belowReasons(gateway, definition).length > 0) {
    const refused = await gateway.store.transaction((tx) =>
      refuseEarly(tx, gateway, definition, call, input),
    );
    if (refused !== undefined) return refused;
  }
  const fixed = await definition.fixed(gateway, input, call);
  return gateway.store.transaction((tx) => through(tx, gateway, definition, call, input, fixed));
}

const revived = <Answer>(
  definition: { readonly revive?: (stored: Answer) => Answer },
  stored: Answer,
): Answer => (definition.revive === undefined ? stored : definition.revive(stored));

async function refuseEarly<A extends Action, Input extends ProjectInput, Fixed, Moving, Answer>(
  tx: Tx,
  gateway: Gateway,
  definition: MutationDefinition<A, Input, Fixed, Moving, Answer>,
  call: Call,
  input: Input,
): Promise<Outcome<Answer> | undefined> {
  const entered = await enter(tx, { project: input.project, exclusive: false, grant: call.grant });
  const [first, ...rest] = entryReasons(gateway, definition, call, input, entered);
  return first === undefined ? undefined : deny(tx, definition, call, input, [first, ...rest]);
}

async function deny<Answer>(
  tx: Tx,
  definition: { readonly action: Action },
  call: Call,
  input: ProjectInput,
  reasons: readonly [Reason, ...Reason[]],
): Promise<Outcome<Answer>> {
  await recordDenial(tx, call, {
    project: input.project,
    action: definition.action,
    subject: reasons[0].subject,
    reasons,
  });
  return { reasons };
}

async function through<A extends Action, Input extends ProjectInput, Fixed, Moving, Answer>(
  tx: Tx,
  gateway: Gateway,
  definition: MutationDefinition<A, Input, Fixed, Moving, Answer>,
  call: Call,
  input: Input,
  fixed: Fixed,
): Promise<Outcome<Answer>> {
  const { grant, requestId } = call;
  const exclusive = definition.exclusive === true;
  const entering = enter(tx, { project: input.project, exclusive, grant, requestId });
  entering.catch(() => {});
  const reading = definition.moving(tx, { grant, input, fixed, entered: entering });
  reading.catch(() => {});
  const entered = await entering;
  // A token that is drafted at this time has to be good by memory's clock at once, should the database's have jumped.
  gateway.seeTime(entered.now);
  const inputHash = requestId === undefined ? '' : hashOf(definition.action, input);
  const [refused, ...others] = entryReasons(gateway, definition, call, input, entered);
  if (refused !== undefined) return deny(tx, definition, call, input, [refused, ...others]);
  if (entered.inputHash !== null) return storedAnswer(definition, entered, inputHash, call);
  const all: Facts<Input, Fixed, Moving> = { grant, input, fixed, entered, moving: await reading };
  const decision: Decision<A> = decide(definition.action, definition.decide(all));
  if (!decision.allowed) return deny(tx, definition, call, input, decision.reasons);
  const { answer, events } = await definition.effect(tx, decision.permit, all, gateway);
  appendEvents(
    tx,
    events.map((event) => complete(event, definition.action, call, input)),
  );
  if (requestId !== undefined) storeAnswer(tx, call, definition.action, inputHash, answer);
  return { answer };
}

/** What is refused before the facts of the action are even read. */
function entryReasons<A extends Action, Input extends ProjectInput, Fixed, Moving, Answer>(
  gateway: Gateway,
  definition: MutationDefinition<A, Input, Fixed, Moving, Answer>,
  { grant }: Call,
  input: Input,
  entered: Entered,
): Reason[] {
  const found = authorise(
    grant,
    { action: definition.action, project: input.project, ...definition.access?.(input) },
    {
      nowSeconds: entered.now.getTime() / 1000,
      epoch: entered.epoch ?? 0,
      revoked: revokedReason(entered, grant.gid, definition.acceptsReplaced === true),
    },
  );
  if (entered.known !== true && input.project !== '*' && definition.action !== 'project:create')
    found.push(reason('project.missing', input.project));
  return [...found, ...belowReasons(gateway, definition)];
}

/** A database that lost the end of its log may have lost revocations, stops and landings with it. */
function belowReasons(
  { logKeeper }: Gateway,
  { whileBelow }: { readonly whileBelow?: boolean },
): readonly Reason[] {
  return whileBelow === true || logKeeper.reason === undefined ? [] : [logKeeper.reason];
}

function revokedReason(entered: Entered, gid: string, acceptsReplaced: boolean): Reason | undefined {
  if (entered.revoked !== null) return reason('token.revoked', gid, { found: `revoked ${entered.revoked}` });
  if (
    !acceptsReplaced &&
    entered.replacedAt !== null &&
    entered.now.getTime() > entered.replacedAt.getTime() + limits.replacedGraceMs
  ) {
    return reason('token.revoked', gid, { found: 'replaced by its renewal' });
  }
  return undefined;
}

/** Calls of one batch share a request id; each gets its own, which a retry of the same batch finds again. */
const ofBatch = (call: Call, action: Action, input: unknown): Call =>
  call.requestId === undefined
    ? call
    : { ...call, requestId: `${call.requestId}/${hashOf(action, input).slice(0, 16)}` };

const hashOf = (action: Action, input: unknown): string =>
  createHash('sha256').update(action).update(canonicalJson(input)).digest('hex');

function storedAnswer<Answer>(
  definition: { readonly revive?: (stored: Answer) => Answer },
  entered: Entered,
  inputHash: string,
  call: Call,
): Outcome<Answer> {
  if (entered.inputHash === inputHash) return { answer: revived(definition, entered.answer as Answer) };
  return { reasons: [reason('request.replayed', call.requestId ?? '', { found: 'another input' })] };
}

const store = statement(
  'requests.store',
  'insert into requests (principal, request_id, action, input_hash, answer) values ($1, $2, $3, $4, $5::jsonb)',
);

function storeAnswer(tx: Tx, call: Call, action: Action, inputHash: string, answer: unknown): void {
  tx.later(store, [call.grant.sub, call.requestId, action, inputHash, jsonText(answer ?? null)]);
}

function complete(
  event: EffectEvent | EventDraft,
  action: Action,
  { grant, requestId }: Call,
  input: ProjectInput,
): EventDraft {
  return {
    project: input.project,
    actor: grant.sub,
    gid: grant.gid,
    action,
    ...(requestId === undefined ? {} : { requestId }),
    ...event,
    id: event.id ?? newId('event'),
  };
}

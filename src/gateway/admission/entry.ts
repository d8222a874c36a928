import { type Reason, reason } from '../../lib/decision.ts';
import { limits } from '../../lib/limits.ts';
import type { Action } from '../../tiers/actions.ts';
import { type AccessFacts, type AccessRequest, authorise } from '../../tiers/authorise.ts';
import type { Admission, Call } from './admission.ts';
import type { AccessDetail, ProjectInput } from './definitions.ts';
import type { Entered } from './enter.ts';

/** The part of a definition that decides who may ask at all. */
export interface Entry<Input extends ProjectInput> {
  readonly action: Action;
  readonly acceptsReplaced?: boolean;
  readonly whileBelow?: boolean;
  readonly access?: (input: Input) => AccessDetail;
}

/** The access that a call asks for. */
export const accessOf = <Input extends ProjectInput>(
  { action, access }: Pick<Entry<Input>, 'action' | 'access'>,
  input: Input,
): AccessRequest => ({ action, project: input.project, ...access?.(input) });

/** Reasons that hold before the facts of the action are read: grant, revocation, epoch, project and log. */
export function entryReasons<Input extends ProjectInput>(
  admission: Admission,
  entry: Entry<Input>,
  { grant, token }: Call,
  input: Input,
  entered: Entered,
): Reason[] {
  const found = authorise(grant, accessOf(entry, input), {
    nowSeconds: entered.now.getTime() / 1000,
    epoch: entered.epoch ?? 0,
    revoked: revokedReason(entered, grant.grantId, entry.acceptsReplaced === true),
    issuedAtSeconds: token?.iat,
    raisedAtSeconds: entered.raisedAt === null ? undefined : Math.floor(entered.raisedAt.getTime() / 1000),
  });
  if (entered.known !== true && input.project !== '*' && entry.action !== 'project:create')
    found.push(reason('project.missing', input.project));
  return [...found, ...belowReasons(admission, entry)];
}

/** The state of a call's token as memory knows it. */
export const rememberedFacts = (
  { tokens, nowSeconds }: Pick<Admission, 'tokens' | 'nowSeconds'>,
  { grant, token }: Call,
  project: string,
): AccessFacts => ({
  nowSeconds: nowSeconds(),
  epoch: tokens.epochOf(grant.cap.project),
  revoked: tokens.revoked(grant),
  issuedAtSeconds: token?.iat,
  raisedAtSeconds: tokens.raisedAt(project),
});

/**
 * True when memory expects the call to be refused. Memory may be wrong: the transaction then reads the
 * database, and the call goes on.
 */
export function isRefusedByMemory<Input extends ProjectInput>(
  admission: Admission,
  entry: Entry<Input>,
  call: Call,
  input: Input,
): boolean {
  const reasons = authorise(
    call.grant,
    accessOf(entry, input),
    rememberedFacts(admission, call, input.project),
  );
  return reasons.length > 0 || belowReasons(admission, entry).length > 0;
}

/**
 * Reasons against changes to a database that lost the end of its log, and may have lost revocations, stops
 * and landings with it.
 */
function belowReasons(
  { logKeeper }: Admission,
  { whileBelow }: { readonly whileBelow?: boolean },
): readonly Reason[] {
  return whileBelow === true || logKeeper.reason === undefined ? [] : [logKeeper.reason];
}

function revokedReason(entered: Entered, grantId: string, acceptsReplaced: boolean): Reason | undefined {
  const { revoked, replacedAt, now } = entered;
  if (revoked !== null) return reason('token.revoked', grantId, { found: `revoked ${revoked}` });
  if (acceptsReplaced || replacedAt === null) return undefined;
  const isInGrace = now.getTime() <= replacedAt.getTime() + limits.replacedGraceMs;
  return isInGrace ? undefined : reason('token.revoked', grantId, { found: 'replaced by its renewal' });
}

import { createHash } from 'node:crypto';
import { type Decision, denied, reason } from '../../lib/decision.ts';
import { canonicalJson } from '../../store/log/chain.ts';
import { jsonText } from '../../store/log/events.ts';
import { statement, type Tx } from '../../store/store.ts';
import type { Action } from '../../tiers/actions.ts';
import type { Call } from './admission.ts';
import type { Entered } from './enter.ts';

const store = statement(
  'requests.store',
  'insert into requests (principal, request_id, action, input_hash, answer) values ($1, $2, $3, $4, $5::jsonb)',
);

const hashOf = (action: Action, input: unknown): string =>
  createHash('sha256').update(action).update(canonicalJson(input)).digest('hex');

/**
 * Calls of one batch share a request id; this function gives each an id of its own, which a retry of the same
 * batch finds again.
 */
export const ofBatch = (call: Call, action: Action, input: unknown): Call =>
  call.batch !== true || call.requestId === undefined
    ? call
    : { ...call, requestId: `${call.requestId}/${hashOf(action, input).slice(0, 16)}` };

/**
 * The answer to an earlier call with the same request id; undefined for the first call. The same id with
 * another input is refused.
 */
export function storedAnswer(
  action: Action,
  { requestId = '' }: Call,
  input: unknown,
  entered: Entered,
): Decision<unknown> | undefined {
  if (entered.inputHash === null) return undefined;
  if (entered.inputHash === hashOf(action, input)) return { decided: entered.answer };
  return denied(reason('request.replayed', requestId, { found: 'another input' }));
}

/** Keeps the answer for a retry with the same request id, in the transaction of the call. */
export function storeAnswer(tx: Tx, action: Action, call: Call, input: unknown, answer: unknown): void {
  if (call.requestId === undefined) return;
  tx.later(store, [call.grant.sub, call.requestId, action, hashOf(action, input), jsonText(answer ?? null)]);
}

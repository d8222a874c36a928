import { statement, type Tx } from '../../store/store.ts';
import type { Call } from './admission.ts';

const columns = `now, known, epoch, plan_hash as "planHash", revoked, replaced_at as "replacedAt", answer, input_hash as "inputHash"`;
const source = 'from andon_enter($1, $2, $3, $4, $5, $6, $7, $8, $9)';
const enterStatement = statement(
  'admission.enter',
  `select ${columns}, null::timestamptz as "raisedAt" ${source}`,
);
// A token on every project alone has to be asked for when its epoch in this one was raised.
const enterOfAll = statement(
  'admission.enterOfAll',
  `select ${columns}, andon_raised_at($1) as "raisedAt" ${source}`,
);

/** State at the start of an admitted transaction, read under the lock of the project. */
export interface Entered {
  readonly now: Date;
  readonly known: boolean | null;
  readonly epoch: number | null;
  /** Hash of the applied plan. */
  readonly planHash: string | null;
  readonly revoked: 'token' | 'grant' | 'agent' | 'key' | null;
  readonly replacedAt: Date | null;
  /** The moment at which the epoch of the project was raised last; asked for by tokens on every project alone. */
  readonly raisedAt: Date | null;
  /** The stored answer of an earlier call with the same request id. */
  readonly answer: unknown;
  readonly inputHash: string | null;
}

/** The project to enter, the kind of lock, and the call, if there is one. */
export interface EnterOptions extends Partial<Pick<Call, 'grant' | 'token' | 'requestId'>> {
  readonly project: string;
  /**
   * True for revocations and changes of phases, which hold the project exclusively; all others share it. `*`
   * holds the whole gateway.
   */
  readonly exclusive: boolean;
}

/**
 * Takes the locks of admission and reads changing state. The first statement of every transaction that
 * changes state.
 */
export async function enter(
  tx: Tx,
  { project, exclusive, grant, token, requestId }: EnterOptions,
): Promise<Entered> {
  const asked = grant?.cap.project === '*' ? enterOfAll : enterStatement;
  const who = grant === undefined ? nobody : holderOf(grant, token);
  const values = [project, exclusive, ...who, requestId ?? null];
  const [entered] = await tx.rows<Entered>(asked, values);
  if (entered === undefined) throw new Error('andon_enter answered nothing');
  return entered;
}

const nobody = [null, null, null, null, null, 'gateway'];

const holderOf = (
  { cap, grantId, lineage, sub }: NonNullable<EnterOptions['grant']>,
  token: EnterOptions['token'],
): unknown[] => [cap.project, token?.jti, [grantId, ...lineage], sub, token?.kid, sub];

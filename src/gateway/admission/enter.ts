import { statement, type Tx } from '../../store/store.ts';
import type { Call } from './admission.ts';

const enterStatement = statement(
  'admission.enter',
  `select now, known, epoch, plan_hash as "planHash", revoked, replaced_at as "replacedAt", answer, input_hash as "inputHash"
   from andon_enter($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
);

/** What is true at the start of a transaction of the door, read under the lock of the project. */
export interface Entered {
  readonly now: Date;
  readonly known: boolean | null;
  readonly epoch: number | null;
  /** Names the applied plan by content. */
  readonly planHash: string | null;
  readonly revoked: 'token' | 'grant' | 'agent' | 'key' | null;
  readonly replacedAt: Date | null;
  /** The stored answer of an earlier call with the same request id. */
  readonly answer: unknown;
  readonly inputHash: string | null;
}

export interface EnterOptions extends Partial<Pick<Call, 'grant' | 'token' | 'requestId'>> {
  readonly project: string;
  /** Revocations and phase changes hold the project alone; everything else shares it. `*` holds the whole gateway. */
  readonly exclusive: boolean;
}

/** Takes the locks of the door and reads what moves. The first statement of every transaction that changes something. */
export async function enter(
  tx: Tx,
  { project, exclusive, grant, token, requestId }: EnterOptions,
): Promise<Entered> {
  const who =
    grant === undefined
      ? [null, null, null, null, null]
      : [grant.cap.project, token?.jti, [grant.grantId, ...grant.lineage], grant.sub, token?.kid];
  const [entered] = await tx.rows<Entered>(enterStatement, [
    project,
    exclusive,
    ...who,
    grant?.sub ?? 'gateway',
    requestId ?? null,
  ]);
  if (entered === undefined) throw new Error('andon_enter answered nothing');
  return entered;
}

import { asc } from 'drizzle-orm';
import { checkpoints } from '../schema.ts';
import { type Session, statement } from '../store.ts';
import { type ChainFault, genesisHash, verifyChain } from './chain.ts';
import { eventsAfter } from './tail.ts';

const pageMax = 2000;

/** A signed statement that the chain stood at `hash` at `position`. */
export interface Checkpoint {
  readonly position: number;
  readonly hash: string;
  readonly kid: string;
  readonly signature: string;
}

/** Resolves to true when the signature of a checkpoint is genuine. */
export type CheckpointVerifier = (checkpoint: Checkpoint) => Promise<boolean>;

/**
 * The result of a verification: the events and checkpoints that were read, the end of the chain, and the
 * first fault.
 */
export interface VerifyResult {
  readonly events: number;
  readonly position: number;
  readonly hash: string;
  readonly checkpoints: number;
  readonly unsequenced: number;
  readonly fault: ChainFault | null;
}

const countUnsequenced = statement(
  'verify.unsequenced',
  'select count(*)::int as n from events where position is null',
);

/** Verifies the whole chain and every checkpoint. */
export async function verifyLog(session: Session, verified: CheckpointVerifier): Promise<VerifyResult> {
  const signed = new Map(
    (await session.orm.select().from(checkpoints).orderBy(asc(checkpoints.position))).map((row) => [
      row.position,
      row,
    ]),
  );
  let end = { position: 0, hash: genesisHash };
  let seen = 0;
  let fault: ChainFault | null = null;
  for (;;) {
    const events = await eventsAfter(session, end.position, null, pageMax);
    if (events.length === 0) break;
    const result = verifyChain(events, end);
    seen += events.length;
    fault = result.fault ?? (await checkpointFault(events, signed, verified));
    end = result.end;
    if (fault !== null) break;
  }
  fault ??= missingTail(signed, end.position);
  const [row] = await session.rows<{ n: number }>(countUnsequenced);
  return { events: seen, ...end, checkpoints: signed.size, unsequenced: row?.n ?? 0, fault };
}

/** The fault of a checkpoint that the chain does not confirm: another hash, a bad signature. */
export async function checkpointFault(
  events: readonly { position: number; hash: string }[],
  signed: ReadonlyMap<number, Checkpoint>,
  verified: CheckpointVerifier,
): Promise<ChainFault | null> {
  for (const { position, hash } of events) {
    const checkpoint = signed.get(position);
    if (checkpoint === undefined) continue;
    if (checkpoint.hash !== hash) return { position, found: hash, expected: checkpoint.hash };
    if (!(await verified(checkpoint)))
      return {
        position,
        found: 'a checkpoint with a bad signature',
        expected: `a signature of ${checkpoint.kid}`,
      };
  }
  return null;
}

/** Events that a checkpoint vouches for and that are gone. */
function missingTail(signed: ReadonlyMap<number, Checkpoint>, position: number): ChainFault | null {
  const beyond = [...signed.keys()].find((key) => key > position);
  return beyond === undefined
    ? null
    : { position: position + 1, found: 'the end of the log', expected: `events up to ${beyond}` };
}

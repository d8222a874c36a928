import type { GatePiece } from '../../runner/gates/pieces.ts';
import { type Session, statement, type Tx } from '../../store/store.ts';
import type { GateStatus } from '../schema.ts';

const follow = statement(
  'output.follow',
  `update gate_runs set followed_at = andon_now() where id = $1 and status in ('waiting', 'running')`,
);

/** Asks the holder of a gate for its output so far; good for ten seconds. */
export const followGate = (session: Session, run: string): Promise<unknown> => session.rows(follow, [run]);

/** True for a gate that somebody follows. */
export const isFollowed = `followed_at > andon_now() - interval '10 seconds'`;

const drop = statement('output.drop', 'delete from gate_output where run = $1');
const put = statement('output.put', 'insert into gate_output (run, body) values ($1, $2)');
const piecesMax = 100;
const trim = statement(
  'output.trim',
  `delete from gate_output where run = $1 and piece <= (select piece from gate_output where run = $1 order by piece desc offset $2 limit 1)`,
);

/** Keeps pieces of output for whoever follows; the caller has made sure that the holder brings them. */
export async function addGateOutput(tx: Pick<Tx, 'rows'>, pieces: readonly GatePiece[]): Promise<void> {
  for (const { run, text, isFirst } of pieces) {
    if (isFirst) await tx.rows(drop, [run]);
    if (text === '') continue;
    await tx.rows(put, [run, text]);
    await tx.rows(trim, [run, piecesMax]);
  }
}

const read = statement(
  'output.read',
  'select piece, body from gate_output where run = $1 and piece > $2 order by piece limit 100',
);

/** Pieces of output after the last one seen. */
export const readGateOutput = (
  session: Session,
  run: string,
  after: number,
): Promise<{ piece: number; body: string }[]> => session.rows(read, [run, after]);

const forget = statement(
  'output.forget',
  `delete from gate_output o where not exists (select from gate_runs g where g.id = o.run
     and (g.status = 'running' or g.ended_at > andon_now() - interval '1 minute'))`,
);

/** Drops what was kept of gates that have ended. Whoever follows one still reads its last piece for a moment after its end. */
export const forgetGateOutput = (session: Session): Promise<unknown> => session.rows(forget);

/** A gate run as whoever follows it sees it. */
export interface FollowedGate {
  readonly run: string;
  readonly status: GateStatus;
  /** `gateway`, or the name of a runner; null while it waits. */
  readonly runner: string | null;
  readonly startedAt: Date | null;
  readonly exitCode: number | null;
  readonly ms: number | null;
}

const newest = statement(
  'output.newest',
  `select id as run, status, case when runner is null then null when runner_gid is null then 'gateway' else runner end as runner,
     started_at as "startedAt", exit_code as "exitCode", ms
   from gate_runs where project = $1 and gate = $3 and not manual and (change = $2 or $2 = any(changes)) and status <> 'void'
   order by (status = 'running') desc, (status = 'waiting') desc, coalesce(ended_at, created_at) desc limit 1`,
);

/** The run of a gate with the change that is under way, else that waits, else that ended last. */
export async function readFollowedGate(
  session: Session,
  project: string,
  change: string,
  gate: string,
): Promise<FollowedGate | undefined> {
  const [row] = await session.rows<FollowedGate>(newest, [project, change, gate]);
  return row;
}

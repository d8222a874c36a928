import { columnsOf } from '../store/columns.ts';
import { jsonText } from '../store/log/events.ts';
import { oneMoved } from '../store/move.ts';
import { type Session, statement, type Tx } from '../store/store.ts';
import { renewedUntil } from '../tasks/lease.ts';
import type { Judged } from './outcome.ts';
import { runs, type Usage } from './schema.ts';
import { movesRuns } from './transition.ts';
import type { VerdictFile } from './verdict-file.ts';

export const noUsage: Usage = { tokens: 0, usdMicro: 0, turns: 0 };

const leftOut = ['since', 'context'] as const;

/** A row of the table of runs. */
export type RunRow = Readonly<Omit<typeof runs.$inferSelect, (typeof leftOut)[number]>>;

/** The columns of a run, as statements name them. */
export const columns = columnsOf(runs, leftOut);

const lock = statement('runs.lock', `select ${columns} from runs where project = $1 and id = $2 for update`);
const read = statement('runs.read', `select ${columns} from runs where project = $1 and id = $2`);
const ofAgent = statement(
  'runs.ofAgent',
  `select ${columns} from runs where project = $1 and agent = $2 and state <> 'ended' for update`,
);
const below = statement(
  'runs.below',
  `select ${columns} from runs r where project = $1 and state <> 'ended'
   and exists (select 1 from grants g where g.gid = r.gid and g.lin && $2::text[]) for update`,
);
const alive = statement(
  'runs.alive',
  `select count(*)::int as n from runs where project = $1 and state in ('waiting', 'taken', 'running')`,
);

/** The run, locked until the transaction ends. */
export async function lockRun(tx: Tx, project: string, id: string): Promise<RunRow | undefined> {
  const [row] = await tx.rows<RunRow>(lock, [project, id]);
  return row;
}

/** A run by its id; undefined when the project has none. */
export async function readRun(session: Session, project: string, id: string): Promise<RunRow | undefined> {
  const [row] = await session.rows<RunRow>(read, [project, id]);
  return row;
}

/** Runs of an agent that have not ended, locked. */
export const lockRunsOf = (tx: Tx, project: string, agent: string): Promise<RunRow[]> =>
  tx.rows(ofAgent, [project, agent]);

/** Unfinished runs whose grant descends from one of `grantIds`, locked. */
export const lockRunsBelow = (tx: Tx, project: string, grantIds: readonly string[]): Promise<RunRow[]> =>
  tx.rows(below, [project, grantIds]);

/** Number of runs of a project that wait or run. */
export async function aliveCount(session: Session, project: string): Promise<number> {
  const [row] = await session.rows<{ n: number }>(alive, [project]);
  return row?.n ?? 0;
}

const start = movesRuns('runs.start', 'start', ({ set, from }) =>
  oneMoved(
    `update runs set ${set}, started_at = andon_now(), sandbox = $3, epoch = $4,
       lease_until = andon_now() + lease_ms * interval '1 millisecond'
     where project = $1 and id = $2 and state ${from}`,
    'run.start',
  ),
);

/** Moves a taken run to `running`. */
export const startRun = async (
  tx: Tx,
  project: string,
  id: string,
  started: { sandbox: string; epoch: number | null },
): Promise<void> => {
  await tx.rows(start, [project, id, started.sandbox, started.epoch]);
};

const shorten = statement('runs.shorten', 'update runs set max_ms = $3 where project = $1 and id = $2');

/** Reduces the time limit of a run. */
export async function shortenRun(tx: Tx, project: string, id: string, maxMs: number): Promise<void> {
  await tx.rows(shorten, [project, id, maxMs]);
}

const beat = statement(
  'runs.beat',
  `update runs set lease_until = $5, usage = $3::jsonb,
     progress_at = case when $4::boolean then andon_now() else progress_at end
   where project = $1 and id = $2`,
);
// The leases of a run's tasks live as long as the run.
const beatTasks = statement(
  'runs.beatTasks',
  `update tasks set lease_until = greatest(lease_until, andon_now() + lease_ms * interval '1 millisecond')
   where project = $1 and holder_gid = $2 and state = 'in_progress' and lease_until > andon_now() returning id, epoch`,
);

/** Keeps a run and the leases of its tasks alive from `now` on, and writes its usage. */
export async function beatRun(
  tx: Tx,
  run: Pick<RunRow, 'project' | 'id' | 'gid' | 'leaseUntil' | 'leaseMs'>,
  { usage, progressed }: { readonly usage: Usage; readonly progressed: boolean },
  now: Date,
): Promise<{ leaseUntil: Date; held: { id: string; epoch: number }[] }> {
  const leaseUntil = renewedUntil(run, now);
  tx.later(beat, [run.project, run.id, jsonText(usage), progressed, leaseUntil]);
  return { leaseUntil, held: await tx.rows(beatTasks, [run.project, run.gid]) };
}

const wantStop = statement(
  'runs.wantStop',
  'update runs set stop_wanted = $3, stop_why = $4 where project = $1 and id = $2 and stop_wanted is null',
);

/** Asks the runner of a run for its end. */
export async function askToStop(tx: Tx, project: string, id: string, by: string, why: string): Promise<void> {
  await tx.rows(wantStop, [project, id, by, why]);
}

const end = movesRuns('runs.end', 'end', ({ set, from }) =>
  oneMoved(
    `update runs set ${set}, ended_at = andon_now(), lease_until = null, exit_code = $3, signal = $4, outcome = $5, note = $6,
       verdict = $7::jsonb, usage = $8::jsonb where project = $1 and id = $2 and state ${from}`,
    'run.end',
  ),
);

/** Writes the end of a run with its outcome. */
export async function writeEnd(
  tx: Tx,
  run: Pick<RunRow, 'project' | 'id'>,
  { outcome, note }: Judged,
  seen: {
    exitCode: number | null;
    signal: string | null;
    verdict: VerdictFile | undefined;
    usage: Usage;
  },
): Promise<void> {
  await tx.rows(end, [
    run.project,
    run.id,
    seen.exitCode,
    seen.signal,
    outcome,
    note.slice(0, 4000),
    seen.verdict === undefined ? null : jsonText(seen.verdict),
    jsonText(seen.usage),
  ]);
}

import { jsonText } from '../../store/events.ts';
import { type Session, statement, type Tx } from '../../store/store.ts';
import type { PlanAgent } from '../../tasks/plan.ts';
import type { Tier } from '../../tiers/actions.ts';
import type { Judged, Outcome } from './outcome.ts';
import type { VerdictFile } from './verdict-file.ts';

/** Where a run is: asked for, taken by a runner, its process alive, over. */
export type RunState = 'waiting' | 'taken' | 'running' | 'ended';

/** What a run has spent, as its agent program reports it. USD in millionths. */
export interface Usage {
  readonly tokens: number;
  readonly usdMicro: number;
  readonly turns: number;
}

export const noUsage: Usage = { tokens: 0, usdMicro: 0, turns: 0 };

/** How a run is started: its profile as the plan had it, and the claims of its grant. Holds no secret. */
export interface RunLaunch {
  readonly profile: PlanAgent;
  /** The unsigned claims that the tokens of the run are drafted from. */
  readonly claims: Record<string, unknown>;
  /** How many triggers and runs stand behind this one. */
  readonly depth: number;
}

export interface RunRow {
  readonly id: string;
  readonly project: string;
  readonly agent: string;
  readonly profile: string;
  readonly tier: Tier;
  readonly role: string;
  readonly adapter: 'command' | 'claude' | 'codex';
  readonly model: string | null;
  readonly task: string | null;
  readonly epoch: number | null;
  readonly change: string | null;
  readonly mission: string | null;
  readonly launch: RunLaunch;
  readonly gid: string;
  readonly spawner: string;
  readonly spawnerGid: string;
  readonly trigger: string | null;
  readonly state: RunState;
  readonly attempt: number;
  readonly retryOf: string | null;
  readonly notBefore: Date;
  readonly maxMs: number;
  readonly stopWanted: string | null;
  readonly stopWhy: string | null;
  readonly runner: string | null;
  readonly runnerGid: string | null;
  readonly leaseUntil: Date | null;
  readonly leaseMs: number;
  readonly sandbox: string | null;
  readonly requestedAt: Date;
  readonly takenAt: Date | null;
  readonly startedAt: Date | null;
  readonly progressAt: Date | null;
  readonly endedAt: Date | null;
  readonly exitCode: number | null;
  readonly signal: string | null;
  readonly outcome: Outcome | null;
  readonly note: string | null;
  readonly verdict: VerdictFile | null;
  readonly usage: Usage;
}

/** The columns of a run, as statements name them. */
export const columns = `id, project, agent, profile, tier, role, adapter, model, task, epoch, change, mission, launch, gid, spawner,
  spawner_gid as "spawnerGid", trigger, state, attempt, retry_of as "retryOf", not_before as "notBefore", max_ms as "maxMs",
  stop_wanted as "stopWanted", stop_why as "stopWhy", runner, runner_gid as "runnerGid", lease_until as "leaseUntil", lease_ms as "leaseMs", sandbox,
  requested_at as "requestedAt", taken_at as "takenAt", started_at as "startedAt", progress_at as "progressAt",
  ended_at as "endedAt", exit_code as "exitCode", signal, outcome, note, verdict, usage`;

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

export async function readRun(session: Session, project: string, id: string): Promise<RunRow | undefined> {
  const [row] = await session.rows<RunRow>(read, [project, id]);
  return row;
}

/** Runs of an agent that have not ended, locked. */
export const lockRunsOf = (tx: Tx, project: string, agent: string): Promise<RunRow[]> =>
  tx.rows(ofAgent, [project, agent]);

/** Runs that have not ended and whose grant descends from one of `gids`, locked. */
export const lockRunsBelow = (tx: Tx, project: string, gids: readonly string[]): Promise<RunRow[]> =>
  tx.rows(below, [project, gids]);

/** How many runs of a project wait or run. */
export async function aliveCount(session: Session, project: string): Promise<number> {
  const [row] = await session.rows<{ n: number }>(alive, [project]);
  return row?.n ?? 0;
}

const start = statement(
  'runs.start',
  `update runs set state = 'running', started_at = andon_now(), sandbox = $3, epoch = $4,
     lease_until = andon_now() + lease_ms * interval '1 millisecond'
   where project = $1 and id = $2`,
);

export const startRun = async (
  tx: Tx,
  project: string,
  id: string,
  started: { sandbox: string; epoch: number | null },
): Promise<void> => {
  await tx.rows(start, [project, id, started.sandbox, started.epoch]);
};

const shorten = statement('runs.shorten', 'update runs set max_ms = $3 where project = $1 and id = $2');

/** Gives a run less time than it asked for. */
export async function shortenRun(tx: Tx, project: string, id: string, maxMs: number): Promise<void> {
  await tx.rows(shorten, [project, id, maxMs]);
}

const beat = statement(
  'runs.beat',
  `update runs set lease_until = andon_now() + lease_ms * interval '1 millisecond', usage = $3::jsonb,
     progress_at = case when $4::boolean then andon_now() else progress_at end
   where project = $1 and id = $2 returning lease_until as "leaseUntil"`,
);
// The tasks that a run holds live as long as it does.
const beatTasks = statement(
  'runs.beatTasks',
  `update tasks set lease_until = greatest(lease_until, andon_now() + lease_ms * interval '1 millisecond')
   where project = $1 and holder_gid = $2 and state = 'in_progress' and lease_until > andon_now() returning id, epoch`,
);

/** Keeps a run and the leases of its tasks alive, and writes what it has spent. */
export async function beatRun(
  tx: Tx,
  run: Pick<RunRow, 'project' | 'id' | 'gid'>,
  usage: Usage,
  progressed: boolean,
): Promise<{ leaseUntil: Date; held: { id: string; epoch: number }[] }> {
  const [row] = await tx.rows<{ leaseUntil: Date }>(beat, [run.project, run.id, jsonText(usage), progressed]);
  if (row === undefined) throw new Error('renewed a run that is gone');
  return { leaseUntil: row.leaseUntil, held: await tx.rows(beatTasks, [run.project, run.gid]) };
}

const wantStop = statement(
  'runs.wantStop',
  'update runs set stop_wanted = $3, stop_why = $4 where project = $1 and id = $2 and stop_wanted is null',
);

/** Asks the runner of a run for its end. */
export async function askToStop(tx: Tx, project: string, id: string, by: string, why: string): Promise<void> {
  await tx.rows(wantStop, [project, id, by, why]);
}

const end = statement(
  'runs.end',
  `update runs set state = 'ended', ended_at = andon_now(), lease_until = null, exit_code = $3, signal = $4, outcome = $5, note = $6,
     verdict = $7::jsonb, usage = $8::jsonb where project = $1 and id = $2`,
);

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

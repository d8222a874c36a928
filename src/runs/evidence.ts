import type { EventType } from '../store/log/events.ts';
import { type Session, statement } from '../store/store.ts';
import type { RunEvidence } from './outcome.ts';
import type { RunRow } from './rows.ts';

// Events of the run lie behind the end that the log had when the run was taken, or have no position yet.
const counts = statement(
  'runs.evidence',
  `with its as (
     select type, subject from events where project = $1 and gid = $2 and allowed and position > (select since from runs where id = $3)
     union all select type, subject from events where project = $1 and gid = $2 and allowed and position is null)
   select
     count(*) filter (where type = 'change.pushed')::int as pushes,
     count(*) filter (where type = 'change.submitted')::int as submitted,
     count(*) filter (where type = any($4::text[]))::int as produced,
     count(*) filter (where type in ('verdict.given', 'gate.passed') and subject = 'change/' || $5)::int as judgements,
     exists (select 1 from changes where project = $1 and id = $5 and state in ('gating', 'judging')) as "changeWaits",
     count(*) filter (where type = 'task.claimed')::int as claimed
   from its`,
);
/** Events that show work of executives and validators. */
const producing: readonly EventType[] = [
  'verdict.given',
  'gate.passed',
  'report.written',
  'plan.applied',
  'run.requested',
  'run.stopped',
  'task.stolen',
  'task.abandoned',
];
const holds = statement(
  'runs.holds',
  `select count(*)::int as n from tasks where project = $1 and holder_gid = $2 and state = 'in_progress' and lease_until > andon_now()`,
);
const asked = statement(
  'runs.asked',
  'select count(*)::int as n from questions where project = $1 and asked_by = $2 and answer is null',
);

interface Counts {
  readonly pushes: number;
  readonly submitted: number;
  readonly produced: number;
  readonly claimed: number;
  readonly judgements: number;
  readonly changeWaits: boolean;
}

const nothing: Counts = {
  pushes: 0,
  submitted: 0,
  produced: 0,
  claimed: 0,
  judgements: 0,
  changeWaits: false,
};

/** Evidence of a run, read from the gateway's own tables: none of it comes from the agent. */
export async function readEvidence(session: Session, run: RunRow): Promise<RunEvidence> {
  const [did = nothing] = await session.rows<Counts>(counts, [
    run.project,
    run.gid,
    run.id,
    producing,
    run.change ?? '',
  ]);
  const [held] = await session.rows<{ n: number }>(holds, [run.project, run.gid]);
  const [open] = await session.rows<{ n: number }>(asked, [run.project, run.agent]);
  const { claimed, ...counted } = did;
  const { submitted } = counted;
  const hasGone = claimed > 0 && submitted === 0 && held?.n === 0;
  const waitsForAnswer = open?.n !== 0;
  return { ...counted, lostTask: hasGone && run.task !== null, waitsForAnswer };
}

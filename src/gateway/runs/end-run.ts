import { sendMessage } from '../../messages/messages.ts';
import type { EndCause } from '../../runner/protocol.ts';
import { readContextSizes } from '../../runs/context.ts';
import { readEvidence } from '../../runs/evidence.ts';
import { isReviewLost, type NextStep, nextStep } from '../../runs/next-step.ts';
import { type Judged, judgeRun, type RunEvidence } from '../../runs/outcome.ts';
import { type RunRow, writeEnd } from '../../runs/rows.ts';
import type { Usage } from '../../runs/schema.ts';
import { type ReadVerdict, readVerdict, type VerdictSource } from '../../runs/verdict-file.ts';
import { pullCord } from '../../stops/rows.ts';
import type { Scope } from '../../stops/stop-scope.ts';
import { type EmittedEvent, type EventDraft, event } from '../../store/log/events.ts';
import { statement, type Tx } from '../../store/store.ts';
import { endAttempt } from '../../tasks/attempts.ts';
import type { HeldRow } from '../../tasks/lease.ts';
import { moveTask } from '../../tasks/transition.ts';
import { revoke } from '../auth/revoking.ts';
import type { EndContext } from './end-context.ts';
import { followsText } from './follows-text.ts';
import { retryRun } from './retry-run.ts';
import { endGrant } from './run-token.ts';

/** A runner's report of the end of a run. */
export interface SeenEnd {
  readonly cause: EndCause;
  readonly exitCode: number | null;
  readonly signal: string | null;
  readonly verdict: VerdictSource;
  readonly usage: Usage;
  /** The reason why the run could not be started, or another remark of its runner. */
  readonly note?: string | undefined;
}

const heldBy = statement(
  'runs.heldTasks',
  `select project, id, epoch, state from tasks where project = $1 and holder_gid = $2 and state = 'in_progress' order by id for update`,
);

/**
 * Ends a run, in the transaction that learned of the end: judges it by the evidence, writes the outcome,
 * revokes its tokens, gives its tasks back, and carries out the consequences. `run` is locked and has not
 * ended. Returns its events.
 */
export async function endRun(
  tx: Tx,
  run: RunRow,
  seen: SeenEnd,
  context: EndContext,
): Promise<{ judged: Judged; events: EmittedEvent[] }> {
  const said = readVerdict(seen.verdict, run);
  const evidence = await readEvidence(tx, run);
  const judged = judge(run, seen, said, evidence);
  await writeEnd(tx, run, judged, { ...seen, verdict: said.verdict });
  const released = await release(tx, run, judged);
  const revoked = await killTokens(tx, run);
  const followed = await follow(tx, run, judged, context);
  await tellBlockers(tx, run, said.verdict === undefined ? [] : said.verdict.blockers);
  const sizes = await readContextSizes(tx, run);
  const known = { ...dataOf(run, judged, seen), ...saidOf(said), context: sizes };
  const data = { ...known, truth: evidence, retry: followed.retry };
  const ended = event('run.ended', `run/${run.id}`, data);
  return { judged, events: [ended, ...released, ...revoked, ...followed.events] };
}

function judge(run: RunRow, seen: SeenEnd, said: ReadVerdict, evidence: RunEvidence): Judged {
  const { exitCode, signal, note } = seen;
  const cause = run.stopWanted === null ? seen.cause : 'stopped';
  const judged = judgeRun({
    tier: run.tier,
    hasTask: run.task !== null,
    hasChange: run.change !== null,
    cause,
    exitCode,
    signal,
    said,
    evidence,
  });
  return note === undefined ? judged : { ...judged, note: `${judged.note}: ${note}` };
}

/** Requests the next attempt if one is due, and sends the messages about the end. */
async function follow(
  tx: Tx,
  run: RunRow,
  judged: Judged,
  context: EndContext,
): Promise<{ retry: string | null; events: readonly EmittedEvent[] }> {
  const step = nextStep(judged);
  const again = step.retry !== false || (run.change !== null && isReviewLost(judged));
  const retried = again ? await retryRun(tx, run, context, retriesOf(run, step)) : undefined;
  const stops = retried === undefined ? await pullFor(tx, run, judged, step) : [];
  const follows = await followsText(tx, run, judged, retried);
  await tell(tx, run, { ...judged, follows }, follows === undefined ? step.tell : everybody);
  return retried === undefined
    ? { retry: null, events: stops }
    : { retry: retried.run, events: [retried.event, ...stops] };
}

/** The number of attempts that may follow the first one. */
const retriesOf = ({ launch: { profile } }: RunRow, { retry }: NextStep): number =>
  retry === 'once' ? 1 : profile.retries;

const everybody = ['executive', 'human'] as const;

/**
 * Pulls the stop that the outcome calls for: of the workflow of the run's task, of the project for a run
 * without one.
 */
async function pullFor(
  tx: Tx,
  run: RunRow,
  { note }: Judged,
  { stop }: NextStep,
): Promise<readonly EventDraft[]> {
  if (stop === null) return [];
  return pullCord(tx, {
    project: run.project,
    colour: stop.colour,
    scope: scopeOf(run, stop.colour),
    why: `${run.agent}: ${note}`.slice(0, 2000),
    cause: stop.cause,
    subject: `run/${run.id}`,
    by: stop.cause === 'verdict' ? run.agent : 'gateway',
  });
}

/** Yellow holds the run's task alone, red all that its task is for; a run without a task holds the project. */
function scopeOf({ task }: RunRow, colour: 'yellow' | 'red'): Scope {
  if (task === null) return { kind: 'project', value: '' };
  return { kind: colour === 'red' ? 'workflow' : 'task', value: task };
}

const dataOf = (run: RunRow, judged: Judged, { cause, exitCode, signal, usage }: SeenEnd) => ({
  agent: run.agent,
  profile: run.profile,
  task: run.task,
  trigger: run.trigger,
  attempt: run.attempt,
  depth: run.launch.depth,
  outcome: judged.outcome,
  note: judged.note.slice(0, 1000),
  contradiction: judged.contradiction,
  cause,
  exitCode,
  signal,
  usage,
});

function saidOf({ verdict, problem }: ReadVerdict) {
  if (verdict === undefined) return { said: problem };
  const { result, confidence = null, implications, output = null } = verdict;
  return { said: result, confidence, implications, output };
}

/** Gives tasks that the run still holds back to the pool. */
async function release(tx: Tx, run: RunRow, { outcome, note }: Judged): Promise<EmittedEvent[]> {
  const tasks = await tx.rows<HeldRow>(heldBy, [run.project, run.gid]);
  const why = `its run ended: ${outcome}`;
  const events: EmittedEvent[] = [];
  for (const task of tasks) {
    moveTask(tx, task, 'release');
    const { id, epoch } = task;
    events.push(event('task.released', `task/${id}`, { epoch, why, run: run.id }));
    const of = { project: run.project, task: id, epoch, agent: run.agent };
    events.push(
      ...(await endAttempt(tx, { ...of, outcome: 'released', reasons: [why, note].filter(Boolean) })),
    );
  }
  return events;
}

async function killTokens(tx: Tx, run: RunRow): Promise<EmittedEvent[]> {
  const jtis = await endGrant(tx, run.gid);
  if (jtis.length === 0) return [];
  const rows = jtis.map((value) => ({ project: run.project, kind: 'token' as const, value }));
  const why = `run ${run.id} ended`;
  await revoke(tx, rows, 'gateway', why);
  return [event('token.revoked', `grant/${run.gid}`, { rows, why })];
}

async function tell(
  tx: Tx,
  run: RunRow,
  judged: Judged & { readonly follows: string | undefined },
  to: NextStep['tell'],
): Promise<void> {
  for (const whom of to) {
    await sendMessage(tx, {
      project: run.project,
      recipient: `tier:${whom}`,
      kind: 'run',
      subject: `run/${run.id}`,
      title: `${run.agent} ended: ${judged.outcome.replaceAll('_', ' ')}${run.task === null ? '' : ` (${run.task})`}`,
      body: judged.follows === undefined ? judged.note : `${judged.note}\n\n${judged.follows}`,
      data: { task: run.task, outcome: judged.outcome, attempt: run.attempt },
    });
  }
}

/** Tells the executive tier of the run's blockers at once. */
async function tellBlockers(tx: Tx, run: RunRow, blockers: readonly string[]): Promise<void> {
  if (blockers.length === 0) return;
  await sendMessage(tx, {
    project: run.project,
    recipient: 'tier:executive',
    kind: 'blocker',
    subject: run.task === null ? `run/${run.id}` : `task/${run.task}`,
    title: `${run.agent} is blocked${run.task === null ? '' : ` on ${run.task}`}`,
    body: blockers.map((one) => `- ${one}`).join('\n'),
    data: { run: run.id, blockers },
  });
}

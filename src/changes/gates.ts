import { createHash } from 'node:crypto';
import { type Reason, reason } from '../lib/decision.ts';
import type { PlanGate } from '../plan/plan.ts';
import { newId } from '../process/new-id.ts';
import type { EventData } from '../store/log/event-data/index.ts';
import {
  type DraftOf,
  type EventDraft,
  type EventType,
  type ExactData,
  event,
  gatewayEvent,
} from '../store/log/events.ts';
import { statement, type Tx } from '../store/store.ts';
import { endAttempt } from '../tasks/attempts.ts';
import { type ChangeRow, lockChange, lockTask } from '../tasks/rows.ts';
import { type ChangeBefore, changeMay, taskMay } from '../tasks/states.ts';
import { moveChange, moveTask } from '../tasks/transition.ts';
import { approve } from './approval.ts';
import { flakyEvents } from './flaky.ts';
import { hookMark, stopAtHook } from './gate-stop.ts';
import { leaveQueue } from './queue/entries.ts';

/** A gate as the plan declares it, with its name. */
export interface NamedGate {
  readonly name: string;
  readonly gate: PlanGate;
}

const open = statement(
  'gates.open',
  `insert into gate_runs (id, project, change, gate, tree, manual, status)
   select * from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::bool[], $7::text[]) on conflict (change, gate, tree) do nothing`,
);

/** Opens the gates of a change on a tree. Evidence is bound to that tree and to no other. */
export function openGates(
  tx: Tx,
  change: { id: string; project: string; tree: string },
  gates: readonly NamedGate[],
): void {
  if (gates.length === 0) return;
  const all = <T>(value: T): T[] => gates.map(() => value);
  tx.later(open, [
    gates.map(() => newId('gate')),
    all(change.project),
    all(change.id),
    gates.map(({ name }) => name),
    all(change.tree),
    gates.map(({ gate }) => 'by' in gate),
    all('waiting'),
  ]);
}

const left = statement(
  'gates.left',
  `select count(*)::int as n from gate_runs where change = $1 and tree = $2 and status <> 'passed'`,
);
const standing = statement(
  'verdicts.standing',
  'select 1 as yes from verdicts where change = $1 and tree = $2 and approve order by at desc limit 1',
);

/** Moves a change to judging, all of whose gates have passed on its tree; answers its new state with the event. */
export function passAll(tx: Tx, change: ChangeRow & { readonly state: ChangeBefore<'gatesPassed'> }) {
  const state = moveChange(tx, change, 'gatesPassed');
  const passed = systemEvent(change, 'gate.passed', { task: change.task, tree: change.tree, all: true });
  return { change: { ...change, state }, passed };
}

/**
 * Moves a change whose gates have all passed on its tree: to judging, or straight to approved when an earlier
 * verdict still holds.
 */
export async function settleGates(tx: Tx, change: ChangeRow): Promise<EventDraft[]> {
  if (!changeMay(change, 'gatesPassed')) return [];
  const [row] = await tx.rows<{ n: number }>(left, [change.id, change.tree]);
  if (row === undefined || row.n > 0) return [];
  const { change: judged, passed } = passAll(tx, change);
  const [verdict] = await tx.rows(standing, [change.id, change.tree]);
  if (verdict === undefined) return [passed];
  return [passed, ...(await approve(tx, judged))];
}

/** The result of a gate command. */
export interface GateResult {
  readonly passed: boolean;
  readonly exitCode: number | null;
  readonly ms: number;
  readonly output: string;
  readonly sandboxed: boolean;
  /** True when the command exceeded its time limit. */
  readonly timedOut: boolean;
}

const finish = statement(
  'gates.finish',
  `update gate_runs set status = $2, exit_code = $3, ms = $4, output = $5, sandboxed = $6, definition = $8, timed_out = $9, ended_at = andon_now()
   where id = $1 and status = 'running' and runner = $7 returning gate, tree`,
);

/**
 * Writes the result of a gate command. A failed gate refuses the change and gives the task back; a gate that
 * timed out twice in a row stops the task.
 */
export async function finishGate(
  tx: Tx,
  run: EndedRun,
  runner: string,
  result: GateResult,
): Promise<EventDraft[]> {
  const change = run.change === null ? null : await lockChange(tx, run.project, run.change);
  if (change === undefined) return [];
  const values = [
    run.id,
    result.passed ? 'passed' : 'failed',
    result.exitCode,
    result.ms,
    result.output,
    result.sandboxed,
    runner,
    definitionOf(run.gate),
    result.timedOut,
  ];
  const [row] = await tx.rows<{ gate: string; tree: string }>(finish, values);
  if (row === undefined) return [];
  const { passed, timedOut } = result;
  const command = commandOf(run.gate);
  const flaky = await flakyEvents(
    tx,
    { ...row, project: run.project, definition: definitionOf(run.gate) },
    passed,
  );
  const ended = [endedEvent(run, change, row, result), ...flaky];
  // The queue reads the evidence of its runs by itself.
  if (change === null) return ended;
  // A gate of an earlier candidate is no evidence for this one.
  if (row.tree !== change.tree) return ended;
  if (passed) return [...ended, ...(await settleGates(tx, change))];
  const refused = await refuseChange(tx, change, 'gateFailed', `gate ${row.gate} failed`, lastLines(result));
  const { project, task } = change;
  return [
    ...ended,
    ...refused,
    ...(await stopAtHook(tx, { project, task, gate: row.gate, command, timedOut })),
  ];
}

/** A run that has ended: for a change, or for changes that the queue tests together. */
export interface EndedRun {
  readonly id: string;
  readonly project: string;
  readonly change: string | null;
  readonly changes: readonly string[];
  /** Null where the gate is no command any more. */
  readonly gate: PlanGate | null;
}

function endedEvent(
  { gate: declared, project, changes }: EndedRun,
  change: ChangeRow | null,
  { gate, tree }: { readonly gate: string; readonly tree: string },
  { passed, exitCode, ms, sandboxed, timedOut }: GateResult,
): EventDraft {
  const late = timedOut ? { timedOut, command: hookMark(commandOf(declared)) } : {};
  const data = { gate, tree, passed, exitCode, ms, sandboxed, ...late };
  return change === null
    ? gatewayEvent(project, event('gate.ended', `project/${project}`, { changes, ...data }))
    : systemEvent(change, 'gate.ended', { task: change.task, ...data });
}

const commandOf = (gate: PlanGate | null): string | null => (gate === null || 'by' in gate ? null : gate.run);

/** Names a gate as it is declared: evidence is good for that and for nothing else. */
export const gateDefinition = (gate: PlanGate): string =>
  createHash('sha256').update(JSON.stringify(gate)).digest('hex');

/** The definition that a result is evidence of; null for a gate that is no command any more. */
const definitionOf = (gate: PlanGate | null): string | null => (gate === null ? null : gateDefinition(gate));

// A gate that ran out of time, or whose command never ran, may have the machine to thank for that.
const failedBefore = statement(
  'gates.failedBefore',
  `select distinct on (gate, definition) gate, definition, exit_code as "exitCode", output from gate_runs
   where project = $1 and tree = $2 and status = 'failed' and definition is not null and exit_code is not null and not timed_out order by gate, definition, ended_at desc`,
);

/** Reasons from gates that failed on this very tree before, as they are declared today: what failed would fail again. */
export async function knownFailures(
  tx: Tx,
  { project, tree }: { readonly project: string; readonly tree: string },
  gates: readonly NamedGate[],
): Promise<Reason[]> {
  if (gates.length === 0) return [];
  const rows = await tx.rows<KnownFailure>(failedBefore, [project, tree]);
  return gates.flatMap(({ name, gate }) => {
    const failed = rows.find((row) => row.gate === name && row.definition === gateDefinition(gate));
    if (failed === undefined) return [];
    const end = failed.output.trimEnd().split('\n').slice(-shownLines).join(' | ').slice(-shownLength);
    return [reason('gate.known', `gate/${name}`, { found: `exit status ${failed.exitCode}: ${end}` })];
  });
}

interface KnownFailure {
  readonly gate: string;
  readonly definition: string;
  readonly exitCode: number;
  readonly output: string;
}

const shownLines = 3;
const shownLength = 300;

/** Refuses a change; its task is ready again, its former holder preferred, and its maker is told why, with the details. */
export async function refuseChange(
  tx: Tx,
  change: ChangeRow,
  why: keyof typeof outcomes,
  note: string,
  details: readonly string[] = [],
): Promise<EventDraft[]> {
  // A change that is landing or has ended can no more be refused.
  if (!changeMay(change, 'conflict')) return [];
  moveChange(tx, change, why, note);
  leaveQueue(tx, change);
  const task = await lockTask(tx, change.project, change.task);
  const refused = systemEvent(change, 'change.refused', { task: change.task, why, note });
  if (task === undefined || !taskMay(task, 'refuse')) return [refused];
  moveTask(tx, task, 'refuse');
  const { project, epoch, author: agent } = change;
  const of = { project, task: change.task, epoch, agent };
  return [refused, ...(await endAttempt(tx, { ...of, outcome: outcomes[why], reasons: [note, ...details] }))];
}

const outcomes = {
  gateFailed: 'gate_failed',
  reject: 'rejected',
  conflict: 'conflict',
  withdraw: 'withdrawn',
} as const;
const linesMax = 30;

/** The end of a gate's output: what its reader mends comes last. */
export const lastLines = ({
  exitCode,
  timedOut,
  output,
}: Pick<GateResult, 'exitCode' | 'timedOut' | 'output'>): string[] => [
  timedOut ? 'it ran into its time limit' : `exit status ${exitCode ?? 'none'}`,
  output.trimEnd().split('\n').slice(-linesMax).join('\n'),
];

/** An event about a change that Andon itself appends. */
export const systemEvent = <Type extends EventType, Data extends EventData[Type]>(
  { id, project }: Pick<ChangeRow, 'id' | 'project'>,
  type: Type,
  data: ExactData<Type, Data>,
): DraftOf<Type> => gatewayEvent(project, event<Type, Data>(type, `change/${id}`, data));

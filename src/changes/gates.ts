import { createHash } from 'node:crypto';
import { type Reason, reason } from '../lib/decision.ts';
import type { EndedGateOf } from '../memory/solutions.ts';
import type { PlanGate } from '../plan/plan.ts';
import { newId } from '../process/new-id.ts';
import type { ContainmentKind } from '../sandbox/sandbox.ts';
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
import { awaitsValidator } from '../tasks/judges.ts';
import { type ChangeRow, lockTask } from '../tasks/rows.ts';
import { type ChangeBefore, changeMay, taskMay } from '../tasks/states.ts';
import { moveChange, moveTask } from '../tasks/transition.ts';
import { approve } from './approval.ts';
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
  `select g.gate, ${awaitsValidator} as "isForJudge" from gate_runs g
   where g.change = $1 and g.tree = $2 and g.status <> 'passed' order by g.gate`,
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
  if ((await readLeft(tx, change)).length > 0) return [];
  const { change: judged, passed } = passAll(tx, change);
  const [verdict] = await tx.rows(standing, [change.id, change.tree]);
  if (verdict === undefined) return [passed, ...judgeWanted(change)];
  return [passed, ...(await approve(tx, judged))];
}

/** Asks for a judge; the merge of main with the upstream is judged by a person who has begun it, or was asked by one. */
const judgeWanted = (change: ChangeRow): EventDraft[] =>
  change.kind === 'sync' ? [] : [systemEvent(change, 'verdict.requested', requestOf(change, []))];

const readLeft = (tx: Tx, { id, tree }: ChangeRow) =>
  tx.rows<{ readonly gate: string; readonly isForJudge: boolean }>(left, [id, tree]);

/** The data of the event that asks for a judge: of a change that waits for nothing else, with its manual gates. */
export const requestOf = (
  { task, tree }: Pick<ChangeRow, 'task' | 'tree'>,
  gates: readonly string[],
): EventData['verdict.requested'] => ({ task, tree, gates });

/** Asks for a judge once nothing but judges is waited for, and gates are left that a validator passes. */
export async function requestJudge(tx: Tx, change: ChangeRow): Promise<EventDraft[]> {
  const gates = await readLeft(tx, change);
  if (gates.length === 0 || !gates.every(({ isForJudge }) => isForJudge)) return [];
  const names = gates.map(({ gate }) => gate);
  return [systemEvent(change, 'verdict.requested', requestOf(change, names))];
}

/** The result of a gate command. */
export interface GateResult {
  readonly passed: boolean;
  readonly exitCode: number | null;
  readonly ms: number;
  readonly output: string;
  readonly containment: ContainmentKind;
  /** True when the command exceeded its time limit. */
  readonly timedOut: boolean;
}

/** A gate of a change, as its errors and their solutions are remembered. */
export const gateOf = ({ project, task, epoch, commitId, author }: ChangeRow, gate: string): EndedGateOf => ({
  project,
  task,
  epoch,
  gate,
  commit: commitId,
  author,
});

/** Names a gate as it is declared: evidence is good for that and for nothing else. */
export const gateDefinition = (gate: PlanGate): string =>
  createHash('sha256').update(JSON.stringify(gate)).digest('hex');

// A gate that ran out of time, or whose command never ran, may have the machine to thank for that.
const failedBefore = statement(
  'gates.failedBefore',
  `select distinct on (gate, definition) gate, definition, exit_code as "exitCode", output from gate_runs
   where project = $1 and tree = $2 and status = 'failed' and definition is not null and exit_code is not null and not timed_out and repeats is null order by gate, definition, ended_at desc`,
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

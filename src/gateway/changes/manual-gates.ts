import { type Decision, denied, type Reason, reason } from '../../lib/decision.ts';
import { shortId } from '../../lib/ids.ts';
import type { PlanGate } from '../../plan/plan.ts';
import { type EmittedEvent, event } from '../../store/log/events.ts';
import { type Session, statement, type Tx } from '../../store/store.ts';
import type { ChangeRow } from '../../tasks/rows.ts';
import { type ChangeBefore, changeMay, changeMoves } from '../../tasks/states.ts';
import type { Grant } from '../../tiers/capability.ts';

/** A gate of a change that has not passed yet on the tree under judgement. */
export interface OpenGate {
  readonly gate: string;
  readonly manual: boolean;
  readonly status: 'waiting' | 'running' | 'failed';
  /** The gate as the plan declares it today. */
  readonly declared: PlanGate | undefined;
}

const left = statement(
  'gates.leftOpen',
  `select gate, manual, status from gate_runs where change = $1 and tree = $2 and status <> 'passed' order by gate`,
);

/** The gates of a change that have not passed on its tree. */
export async function readOpenGates(
  session: Session,
  change: Pick<ChangeRow, 'id' | 'tree'>,
  declared: Readonly<Record<string, PlanGate>>,
): Promise<OpenGate[]> {
  const rows = await session.rows<Omit<OpenGate, 'declared'>>(left, [change.id, change.tree]);
  return rows.map((row) => ({ ...row, declared: declared[row.gate] }));
}

/** One line that tells what the gates of a change wait for: a slot, or somebody who passes them by hand. */
export function openGateWords({ id }: Pick<ChangeRow, 'id'>, open: readonly OpenGate[]): string {
  if (open.length === 0 || open.some(({ manual }) => !manual)) return 'its gates run, or wait for a slot';
  const words = open.map((one) => `${one.gate}, which ${passerOf(one)} passes`).join(', and ');
  return `only waits for ${words}: andon gate pass ${shortId(id)} ${open[0]?.gate}`;
}

const passerOf = ({ declared }: OpenGate): string =>
  declared !== undefined && 'by' in declared ? `a ${declared.by}` : 'nobody';

const namesOf = statement('gates.names', 'select gate from gate_runs where change = $1 and tree = $2');

/** A reason for each of the names that is no gate of the change. */
export async function unknownGates(
  session: Session,
  change: Pick<ChangeRow, 'id' | 'tree'>,
  named: readonly string[],
): Promise<Reason[]> {
  if (named.length === 0) return [];
  const rows = await session.rows<{ gate: string }>(namesOf, [change.id, change.tree]);
  const next = `andon gate list ${shortId(change.id)}`;
  const unknown = named.filter((name) => !rows.some(({ gate }) => gate === name));
  return unknown.map((name) => reason('gate.missing', name, { next }));
}

/** A change that may be approved, with the manual gates that its approver passes by the way. */
export type Approvable =
  | { readonly passing: null; readonly change: ChangeRow & { readonly state: ChangeBefore<'approve'> } }
  | {
      readonly passing: readonly string[];
      readonly change: ChangeRow & { readonly state: ChangeBefore<'gatesPassed'> };
    };

/** The gates that an approver names, and the grant. */
interface ApprovalWish {
  readonly named: readonly string[];
  /** The reasons against names that are no gate of the change. */
  readonly unknown: readonly Reason[];
  readonly grant: Grant;
}

/**
 * The change as it can be approved: its gates have passed, or what is left is one manual gate of the approver's own tier (or
 * those that the approver names). Nothing is passed by the way that belongs to another tier.
 */
export function decideApproval(
  change: ChangeRow,
  open: readonly OpenGate[],
  { named, unknown, grant }: ApprovalWish,
): Decision<Approvable> {
  const [barring, ...others] = barringReasons(change, unknown);
  if (barring !== undefined) return denied(barring, ...others);
  if (changeMay(change, 'approve')) return { decided: { change, passing: null } };
  if (!changeMay(change, 'gatesPassed')) {
    const limit = changeMoves.approve.from.join(' or ');
    return denied(reason('change.state', change.id, { found: change.state, limit }));
  }
  const passing = open.filter((gate) => isPassable(gate, grant)).map(({ gate }) => gate);
  const isNamed = named.length === 0 ? passing.length === 1 : passing.every((gate) => named.includes(gate));
  if (isNamed && passing.length === open.length) return { decided: { change, passing } };
  const [first, ...rest] = open.map((gate) => openReason(change, gate));
  return denied(first ?? reason('change.state', change.id, { found: change.state }), ...rest);
}

/** Conflicts come first: a merge that has some has no gates yet. */
const barringReasons = (change: ChangeRow, unknown: readonly Reason[]): readonly Reason[] =>
  change.conflicts.length > 0 ? change.conflicts.map((path) => conflictReason(change, path)) : unknown;

const conflictReason = ({ id }: ChangeRow, path: string): Reason =>
  reason('change.conflict', path, { next: `push a merge of both tips to refs/heads/sync/${id}` });

const isPassable = ({ manual, status, declared }: OpenGate, { cap }: Grant): boolean =>
  manual &&
  status === 'waiting' &&
  declared !== undefined &&
  'by' in declared &&
  declared.by === cap.tier &&
  cap.actions.includes('gate:pass');

function openReason({ id }: ChangeRow, open: OpenGate): Reason {
  const { gate, manual, status } = open;
  if (!manual) {
    const next = `wait for it: andon gate show ${shortId(id)} ${gate}`;
    return reason('gate.waiting', `gate/${gate}`, { found: `a command, ${status}`, next });
  }
  const next = `andon gate pass ${shortId(id)} ${gate}`;
  return reason('gate.waiting', `gate/${gate}`, { found: `to be passed by ${passerOf(open)}`, next });
}

const pass = statement(
  'gates.pass',
  `update gate_runs set status = 'passed', passed_by = $3, passed_gid = $4, output = $5, ended_at = andon_now()
   where change = $1 and gate = $2 and tree = $6 and manual and status = 'waiting' returning id`,
);

/** Passes a manual gate on the tree of the change, by the holder of the grant. */
export async function passManual(
  tx: Tx,
  change: Pick<ChangeRow, 'id' | 'task' | 'tree'>,
  { gate, note, ownWork, grant }: { gate: string; note: string; ownWork: boolean; grant: Grant },
): Promise<EmittedEvent> {
  await tx.rows(pass, [change.id, gate, grant.sub, grant.grantId, note, change.tree]);
  const data = { task: change.task, gate, tree: change.tree, note, ownWork };
  return event('gate.passed', `change/${change.id}`, data);
}

import { allowed, type Decision, denied, reason } from '../../lib/decision.ts';
import { statement, type Tx } from '../../store/store.ts';
import type { GateStatus } from '../schema.ts';

/** A gate run as its holder reports on it. */
export interface GateRunRow {
  readonly id: string;
  readonly project: string;
  /** Null for a run of the landing queue, and for a repetition. */
  readonly change: string | null;
  readonly changes: readonly string[];
  readonly gate: string;
  readonly tree: string;
  readonly status: GateStatus;
  readonly definition: string | null;
  readonly runner: string | null;
  readonly runnerGrant: string | null;
  readonly nonce: string | null;
  readonly leaseEnds: Date | null;
  readonly repeats: string | null;
  readonly wantedBy: string | null;
  readonly candidate: string | null;
}

const lock = statement(
  'slots.lock',
  `select id, project, change, changes, gate, tree, status, definition, runner, runner_gid as "runnerGrant", nonce,
     alive_at + lease_ms * interval '1 millisecond' as "leaseEnds", repeats, wanted_by as "wantedBy", candidate
   from gate_runs where project = $1 and id = $2 for update`,
);

/** The gate run, locked until the transaction ends. */
export async function lockGateRun(tx: Tx, project: string, id: string): Promise<GateRunRow | undefined> {
  const [row] = await tx.rows<GateRunRow>(lock, [project, id]);
  return row;
}

const bare = statement(
  'slots.bare',
  `select exists (select from gate_runs where runner_gid = $1 and status = 'running' and containment = 'none') as yes`,
);

/** True while a grant carries out a gate that is contained in nothing. */
export async function holdsBareGate(tx: Tx, grantId: string): Promise<boolean> {
  const [row] = await tx.rows<{ yes: boolean }>(bare, [grantId]);
  return row?.yes === true;
}

/** Whoever says that it holds a gate run: by its grant, and by the nonce of the lease. */
export interface GateClaim {
  readonly run: string;
  readonly nonce: string;
  /** Null for a slot of a gateway. */
  readonly grantId: string | null;
  /** The tree that the report is about; undefined for a sign of life. */
  readonly tree?: string | undefined;
}

/** The gate run that its holder speaks for. Whoever lost it, or never had it, writes nothing. */
export function decideHeldGate(
  row: GateRunRow | undefined,
  claim: GateClaim,
  now: Date,
): Decision<GateRunRow> {
  if (row === undefined) return denied(reason('gate.lost', `gate/${claim.run}`, { found: 'no such run' }));
  const found = lostBy(row, claim, now);
  return found === undefined ? allowed(row) : denied(reason('gate.lost', `gate/${claim.run}`, { found }));
}

function lostBy(row: GateRunRow, claim: GateClaim, now: Date): string | undefined {
  if (row.status !== 'running') return row.status;
  if (row.runnerGrant !== claim.grantId) return 'held under another grant';
  if (row.nonce !== claim.nonce) return 'another lease of it';
  if (row.leaseEnds === null || row.leaseEnds <= now) return 'its lease has ended';
  return claim.tree === undefined || claim.tree === row.tree
    ? undefined
    : `another tree: ${claim.tree.slice(0, 12)}`;
}

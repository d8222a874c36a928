import { durationMs, type Plan, type PlanGate } from '../../plan/plan.ts';
import { type Session, statement } from '../../store/store.ts';
import { gateDefinition } from '../gates.ts';
import { readDurations } from '../queue/view.ts';
import type { SlotsInUse, WaitingGate } from './choose.ts';
import { gatewayTaker, readSlots } from './takers.ts';

/** A gate that is a command. */
export type CommandGate = Extract<PlanGate, { run: string }>;

/** A gate that waits, with all that its order is made from. */
export interface OpenGateRun extends WaitingGate {
  readonly gate: string;
  readonly tree: string;
  readonly candidate: string;
  readonly change: string | null;
  readonly changes: readonly string[];
  /** The task of its change. */
  readonly task: string | null;
  readonly command: CommandGate;
  /** The tasks of the changes on its tree. */
  readonly tasks: readonly string[];
}

/** The gates of a project that wait for a slot, and the slots in use. */
export interface GateWork {
  readonly waiting: readonly OpenGateRun[];
  readonly inUse: SlotsInUse;
  /** Ids of runs that nobody can carry out: their gate is no command of the plan, or no longer what they repeat. */
  readonly stale: readonly string[];
}

type WaitingRow = Omit<OpenGateRun, 'medianMs' | 'command'> & { readonly definition: string | null };

// Whoever's pass was contradicted is not asked again about that tree until a person has looked at it.
const barred = `array(select coalesce(v.runner_gid || '/' || v.runner, '${gatewayTaker}') from gate_runs v
     where v.project = g.project and v.tree = g.tree and v.gate = g.gate and v.status = 'void'
       and exists (select from stops s where s.project = v.project and s.cause = 'gate' and s.cleared_at is null and s.at <= v.voided_at))`;
const waiting = `from gate_runs g left join changes c on c.id = g.change
     where g.project = $1 and g.status = 'waiting' and not g.manual and coalesce(g.not_before <= andon_now(), true)
       and (g.change is null or (g.tree = c.tree and c.state = 'gating'))`;
const anyWaiting = statement('slots.anyWaiting', `select 1 as yes ${waiting} limit 1`);
const readWaiting = statement(
  'slots.waiting',
  `select g.id, g.rank, g.gate, g.tree, g.change, g.changes, g.definition, c.task, g.wanted_by as "wantedBy",
     case when g.repeats is not null then 'repeat' when g.change is null then 'landing' else 'submission' end as kind,
     array(select distinct o.task from changes o where o.id = g.change or o.id = any(g.changes)) as tasks,
     coalesce(g.candidate, c.candidate) as candidate,
     (extract(epoch from andon_now() - g.created_at) * 1000)::float8 as "waitedMs", ${barred} as barred ${waiting} order by g.created_at limit 500`,
);
const landings = statement(
  'slots.landings',
  `select count(*)::int as n from gate_runs where project = $1 and status = 'running' and change is null and repeats is null`,
);

/** True when a gate of the project waits for a slot. Looks without a lock. */
export const isGateWaiting = async (session: Session, project: string): Promise<boolean> =>
  (await session.rows(anyWaiting, [project])).length > 0;

/** Reads the gates that wait for a slot. The caller holds the project's lock, so that no other takes one of them. */
export async function readGateWork(
  session: Session,
  project: string,
  plan: Plan | undefined,
): Promise<GateWork> {
  const rows = await session.rows<WaitingRow>(readWaiting, [project]);
  const [running] = await session.rows<{ n: number }>(landings, [project]);
  const medians = await readDurations(session, project, [...new Set(rows.map(({ gate }) => gate))]);
  const open = rows.flatMap(({ definition, ...row }): OpenGateRun[] => {
    const command = commandOf(plan, row.gate);
    if (command === undefined || (row.kind === 'repeat' && definition !== gateDefinition(command))) return [];
    return [{ ...row, command, medianMs: medians.get(row.gate) ?? null }];
  });
  const kept = new Set(open.map(({ id }) => id));
  return {
    waiting: open,
    inUse: { slots: await readSlots(session, project), landings: running?.n ?? 0 },
    stale: rows.flatMap(({ id }) => (kept.has(id) ? [] : [id])),
  };
}

function commandOf(plan: Plan | undefined, name: string): CommandGate | undefined {
  const gate = plan !== undefined && Object.hasOwn(plan.gates, name) ? plan.gates[name] : undefined;
  return gate === undefined || !('run' in gate) ? undefined : gate;
}

/** Milliseconds that a gate may take. */
export const gateTimeoutMs = ({ timeout }: CommandGate): number => durationMs(timeout);

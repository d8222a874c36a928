import { randomBytes } from 'node:crypto';
import { defined } from '../../lib/defined.ts';
import { durationMs, type Plan } from '../../plan/plan.ts';
import { protectionIn } from '../../plan/protected-writes.ts';
import type { GateOrder } from '../../runner/gates/gate-order.ts';
import type { SetupOrder } from '../../runner/setups/setup-order.ts';
import type { MachineLimits } from '../../sandbox/machine-limits.ts';
import type { SandboxSetting } from '../../sandbox/run-gate.ts';
import { type EventDraft, event, gatewayEvent } from '../../store/log/events.ts';
import { statement, type Tx } from '../../store/store.ts';
import { gateDefinition, systemEvent } from '../gates.ts';
import { mergeTask } from '../open-merge.ts';
import { isFollowed } from './output.ts';
import { type GateTaker, gatewayTaker } from './takers.ts';
import { gateTimeoutMs, type OpenGateRun } from './work.ts';

/** Bounds of a gate that come from plan and operator. */
export interface GateBounds {
  readonly plan: Plan | undefined;
  readonly limits: MachineLimits;
  readonly sandbox: SandboxSetting;
}

const take = statement(
  'slots.take',
  `update gate_runs set status = 'running', runner = $3, runner_gid = $4, nonce = $5, lease_ms = $6, containment = $7, definition = $8,
     started_at = andon_now(), alive_at = andon_now()
   where project = $1 and id = $2 and status = 'waiting' returning id`,
);

/** A gate that was taken: the order for its taker, and the event. */
export interface TakenGate {
  readonly order: GateOrder;
  readonly events: readonly EventDraft[];
}

/** Gives a gate to a taker for one lease. The caller holds the project's lock, and has chosen the gate under it. */
export async function takeGate(
  tx: Tx,
  project: string,
  gate: OpenGateRun,
  taker: GateTaker,
  bounds: GateBounds,
): Promise<TakenGate> {
  const nonce = randomBytes(16).toString('hex');
  const definition = gateDefinition(gate.command);
  const { name, grantId, leaseMs, containment } = taker;
  await tx.rows(take, [project, gate.id, name, grantId, nonce, leaseMs, containment, definition]);
  const { id: run, tree, candidate, command } = gate;
  const { limits, sandbox, plan } = bounds;
  const order = {
    ...{ run, project, gate: gate.gate, tree, candidate, nonce, leaseMs, limits, sandbox },
    ...defined({ setup: setupOrder(plan, gate) }),
    ...{ command: command.run, timeoutMs: gateTimeoutMs(command), network: command.network },
  };
  return { order, events: [startedEvent(project, gate, taker)] };
}

/**
 * The set-up of a gate, with an entry for its tree alone where a change on the tree may alter the files that it reads:
 * others would else run code that nobody has approved.
 */
function setupOrder(plan: Plan | undefined, { command, tasks, tree }: OpenGateRun): SetupOrder | undefined {
  const { setup } = command;
  if (setup === undefined) return undefined;
  const { timeout, ...rest } = setup;
  const mayAlter = tasks.some(
    (task) =>
      task === mergeTask || rest.from.some((path) => protectionIn(plan, task).against(path) === undefined),
  );
  return { ...rest, timeoutMs: durationMs(timeout), own: mayAlter ? tree : null };
}

/** The name of a taker for people: all slots of gateways have one. */
export const takerWords = ({ name, grantId }: Pick<GateTaker, 'name' | 'grantId'>): string =>
  grantId === null ? gatewayTaker : name;

function startedEvent(project: string, gate: OpenGateRun, taker: GateTaker): EventDraft {
  const { id: run, change, changes, task, tree, medianMs } = gate;
  const by = { run, runner: takerWords(taker), grant: taker.grantId, containment: taker.containment };
  const data = { gate: gate.gate, tree, medianMs, ...by };
  return change === null || task === null
    ? gatewayEvent(project, event('gate.started', `project/${project}`, { changes, ...data }))
    : systemEvent({ id: change, project }, 'gate.started', { task, ...data });
}

const beat = statement(
  'slots.beat',
  `update gate_runs g set alive_at = andon_now() from unnest($2::text[], $3::text[]) held(id, nonce)
   where g.id = held.id and g.nonce = held.nonce and g.status = 'running' and g.runner_gid is not distinct from $1
     and g.alive_at + g.lease_ms * interval '1 millisecond' > andon_now()
     and (g.change is null or exists (select from changes c where c.id = g.change and c.state = 'gating' and c.tree = g.tree)) returning g.id as run, coalesce(g.${isFollowed}, false) as followed`,
);

/** One gate that its taker still carries out. */
export interface HeldGate {
  readonly run: string;
  readonly nonce: string;
}

/** A gate that its taker still holds, and that somebody waits for. */
export interface KeptGate {
  readonly run: string;
  /** True while somebody follows it: then its holder sends its output along. */
  readonly followed: boolean;
}

/** Keeps gates of a taker for a lease more; answers those that it still holds. */
export async function beatGates(
  tx: Pick<Tx, 'rows'>,
  grantId: string | null,
  held: readonly HeldGate[],
): Promise<KeptGate[]> {
  if (held.length === 0) return [];
  const [runs, nonces] = [held.map(({ run }) => run), held.map(({ nonce }) => nonce)];
  return tx.rows<KeptGate>(beat, [grantId, runs, nonces]);
}

/** SQL: the columns of a gate run that waits for a taker again. */
export const waitsAgain = `status = 'waiting', runner = null, runner_gid = null, nonce = null, lease_ms = null, containment = null,
     started_at = null, alive_at = null`;
const release = statement(
  'slots.release',
  `update gate_runs set ${waitsAgain} where id = $1 and status = 'running' and nonce = $2 returning project`,
);

/** Gives a gate back that its holder cannot carry out, for a fault of its machine. */
export const releaseGate = (tx: Pick<Tx, 'rows'>, { run, nonce }: HeldGate): Promise<unknown> =>
  tx.rows(release, [run, nonce]);

// A runner's gate is free when its lease has ended. A gate of a gateway is free once the process has not kept it for
// `$2`; one of this very process, which it does not keep because its end could not be written, five seconds later.
const free = statement(
  'slots.free',
  `update gate_runs set ${waitsAgain}
   where status = 'running' and alive_at <= andon_now() - interval '1 millisecond' * case
     when runner_gid is not null then lease_ms when runner = $1 then $2 + 5000 else $2 end
   returning project`,
);

/** Frees the gates that nobody keeps any more; answers their projects. */
export async function freeGates(
  session: Pick<Tx, 'rows'>,
  owner: string,
  abandonedMs: number,
): Promise<string[]> {
  const rows = await session.rows<{ project: string }>(free, [owner, abandonedMs]);
  return [...new Set(rows.map(({ project }) => project))];
}

const freeOf = statement(
  'slots.freeOf',
  `update gate_runs set ${waitsAgain} where status = 'running' and runner_gid is null and runner = $1`,
);

/** Frees the gates of a process that ends. */
export const freeGatesOf = (session: Pick<Tx, 'rows'>, owner: string): Promise<unknown> =>
  session.rows(freeOf, [owner]);

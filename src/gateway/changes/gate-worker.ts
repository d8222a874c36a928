import { join } from 'node:path';
import type { Logger } from 'pino';
import { finishGate, type GateResult, systemEvent } from '../../changes/gates.ts';
import { temporaryFolder } from '../../git/temporary.ts';
import { faultOf } from '../../lib/machine-fault.ts';
import { durationMs, type PlanGate } from '../../plan/plan.ts';
import { gateBase } from '../../sandbox/gate-room.ts';
import type { MachineLimits } from '../../sandbox/machine-limits.ts';
import { removeTree } from '../../sandbox/remove-tree.ts';
import { runGate, type SandboxSetting } from '../../sandbox/run-gate.ts';
import { orDiskFull } from '../../store/disk-room.ts';
import { type EventDraft, event, gatewayEvent } from '../../store/log/events.ts';
import { leftNothing } from '../../store/retry.ts';
import { type Store, statement } from '../../store/store.ts';
import type { SystemTransaction } from '../../store/system-transaction.ts';
import { readPlan } from '../../tasks/plan-apply.ts';
import { LogOnce } from '../log-once.ts';
import type { Metrics } from '../metrics.ts';
import type { Repositories } from '../repositories/repositories.ts';
import { machineLimitsOf } from '../runs/measure.ts';

interface WaitingGate {
  readonly id: string;
  readonly project: string;
  /** Null for a run of the landing queue. */
  readonly change: string | null;
  readonly changes: readonly string[];
  readonly gate: string;
  readonly tree: string;
  readonly candidate: string;
}

// Work that is nearest to its end goes first: runs of the landing queue, in the queue's order.
const waiting = `from gate_runs g left join changes c on c.id = g.change
     where g.project = $1 and g.status = 'waiting' and not g.manual
       and (g.change is null or (g.tree = c.tree and c.state = 'gating'))`;
const isWaiting = statement('gates.waiting', `select 1 as yes ${waiting} limit 1`);
const takeGate = statement(
  'gates.take',
  `update gate_runs set status = 'running', runner = $2, started_at = andon_now(), alive_at = andon_now()
   where id = (select g.id ${waiting} order by (g.change is not null), g.rank, g.created_at limit 1 for update of g skip locked)
   returning id, project, change, changes, gate, tree, coalesce(candidate, (select candidate from changes c where c.id = change)) as candidate,
     (select task from changes c where c.id = change) as task`,
);
const keepGates = statement(
  'gates.keep',
  `update gate_runs set alive_at = andon_now() where status = 'running' and id = any($1::text[]) returning id`,
);
// A gate of this process that it does not keep, because its end could not be written, is free five seconds
// later.
const freeGates = statement(
  'gates.free',
  `update gate_runs set status = 'waiting', runner = null, started_at = null, alive_at = null
   where status = 'running' and alive_at <= andon_now() - ($2 + case when runner = $1 then 5000 else 0 end) * interval '1 millisecond'`,
);
const freeGatesOfOwner = statement(
  'gates.freeOwn',
  `update gate_runs set status = 'waiting', runner = null, started_at = null, alive_at = null where status = 'running' and runner = $1`,
);

const writesMax = 3;

interface TakenGate extends WaitingGate {
  readonly task: string | null;
}

interface RunningGate {
  readonly ended: Promise<void>;
  readonly abort: AbortController;
}

const startedEvent = ({ project, change, changes, task, gate, tree }: TakenGate): EventDraft =>
  change === null || task === null
    ? gatewayEvent(project, event('gate.started', `project/${project}`, { changes, gate, tree }))
    : systemEvent({ id: change, project }, 'gate.started', { task, gate, tree });

type CommandGate = Extract<PlanGate, { run: string }>;

/** A gate that ran, as it was declared then; null where it is no command any more. */
type EndedGate = Omit<WaitingGate, 'gate'> & { readonly gate: CommandGate | null };

/** Services and settings of the worker. */
export interface GateWorkerOptions {
  readonly store: Store;
  readonly git: Repositories;
  readonly metrics: Metrics;
  readonly log: Logger;
  readonly sandbox: SandboxSetting;
  /** Folders that gate commands must not see. */
  readonly hidden: readonly string[];
  readonly gatesAtOnceMax: number;
  /** Milliseconds without a sign of life after which another process's gate counts as abandoned. */
  readonly abandonedMs: number;
}

/** Ports through which the worker names its process and wakes projects. */
export interface GateWorkerPorts {
  /** Names this process in the rows of its gates. */
  readonly owner: string;
  readonly systemTransaction: SystemTransaction;
  /** Called when a gate has ended and the work of its project may go on. */
  readonly ended: (project: string) => void;
}

/**
 * Runs the gate commands of this process, a few at once, each in a clean checkout of the candidate. A gate whose process
 * died waits again and runs elsewhere.
 */
export class GateWorker {
  readonly #options: GateWorkerOptions;
  readonly #ports: GateWorkerPorts;
  readonly #running = new Map<string, RunningGate>();
  readonly #abort = new AbortController();
  readonly #errors: LogOnce;
  /** Number of times the database refused the result of a gate. */
  readonly #unwritten = new Map<string, number>();

  constructor(options: GateWorkerOptions, ports: GateWorkerPorts) {
    this.#options = options;
    this.#errors = new LogOnce(options.log);
    this.#ports = ports;
  }

  /** Gives a sign of life for the gates of this process, ends those that the queue has dropped, and frees abandoned ones. */
  async keep(): Promise<void> {
    await this.dropUnwanted();
    await this.#options.store.rows(freeGates, [this.#ports.owner, this.#options.abandonedMs]);
  }

  /** Ends the commands of this process whose row is gone: nobody waits for their result. */
  async dropUnwanted(): Promise<void> {
    if (this.#running.size === 0) return;
    const mine = [...this.#running.keys()];
    const rows = await this.#options.store.rows<{ id: string }>(keepGates, [mine]);
    const wanted = new Set(rows.map(({ id }) => id));
    for (const id of mine) if (!wanted.has(id)) this.#running.get(id)?.abort.abort();
  }

  /** Takes waiting gates of the project while there is room. Never rejects. */
  async fill(project: string): Promise<void> {
    try {
      while (!this.#abort.signal.aborted && this.#running.size < this.#options.gatesAtOnceMax) {
        const gate = await this.#take(project);
        if (gate === undefined) return;
        const abort = new AbortController();
        const ended = this.#run(gate, AbortSignal.any([this.#abort.signal, abort.signal])).catch(
          (error: unknown) => this.#errors.error(error, { gate: gate.gate }, 'gate'),
        );
        this.#running.set(gate.id, { ended, abort });
        void ended.finally(() => {
          this.#running.delete(gate.id);
          void this.fill(project);
        });
      }
    } catch (error) {
      this.#options.log.error({ err: error, project }, 'gates');
    }
  }

  async #take(project: string): Promise<WaitingGate | undefined> {
    const { store } = this.#options;
    if ((await store.rows(isWaiting, [project])).length === 0) return undefined;
    return this.#ports.systemTransaction(project, async (tx) => {
      const [gate] = await tx.rows<TakenGate>(takeGate, [project, this.#ports.owner]);
      return { result: gate, events: gate === undefined ? [] : [startedEvent(gate)] };
    });
  }

  async #run(waiting: WaitingGate, abort: AbortSignal): Promise<void> {
    const plan = await readPlan(this.#options.store, waiting.project);
    const gate = plan?.gates[waiting.gate];
    const command = gate === undefined || !('run' in gate) ? null : gate;
    const result =
      command === null
        ? failedGate(`gate ${waiting.gate} is no longer a command of the plan`)
        : await this.#evidence(waiting, command, machineLimitsOf(plan), abort);
    const ended = { ...waiting, gate: command };
    if (abort.aborted) return;
    await this.#write(ended, result);
    this.#ports.ended(waiting.project);
  }

  /**
   * Writes the end of a gate. An end that cannot be written is no failed gate: the gate runs again once its
   * signs of life stop. A refusal by the database itself is no accident; at the third one the gate has
   * failed, with that reason.
   */
  async #write(ended: EndedGate, result: GateResult): Promise<void> {
    try {
      await this.#finish(ended, result);
      this.#unwritten.delete(ended.id);
    } catch (error) {
      if (!leftNothing(error) || faultOf(error) !== undefined) throw error;
      const times = (this.#unwritten.get(ended.id) ?? 0) + 1;
      this.#unwritten.set(ended.id, times);
      if (times < writesMax) throw error;
      const why = error instanceof Error ? error.message : String(error);
      await this.#finish(ended, {
        ...failedGate(`its result could not be written down ${times} times: ${why}`),
        ms: result.ms,
        sandboxed: result.sandboxed,
      });
      this.#unwritten.delete(ended.id);
    }
  }

  #finish(ended: EndedGate, result: GateResult): Promise<void> {
    return this.#ports.systemTransaction(ended.project, async (tx) => ({
      result: undefined,
      events: await finishGate(tx, ended, this.#ports.owner, result),
    }));
  }

  async #evidence(
    waiting: WaitingGate,
    { run, timeout, network }: CommandGate,
    limits: MachineLimits,
    abort: AbortSignal,
  ): Promise<GateResult> {
    const { git, metrics, sandbox, hidden } = this.#options;
    const folder = temporaryFolder('gate', gateBase());
    try {
      await git.checkout(waiting.project, waiting.candidate, join(folder, 'tree'));
      const timeoutMs = durationMs(timeout);
      const command = { command: run, timeoutMs, network, limits };
      const result = await runGate({ folder, ...command, sandbox, hidden, abort });
      metrics.gateEnded(result.passed, result.ms / 1000);
      return result;
    } catch (error) {
      // A fault of the machine is none of the work: the gate runs again, as one whose end cannot be written.
      const fault = await orDiskFull(error, folder);
      if (faultOf(fault) !== undefined) throw fault;
      return failedGate(error instanceof Error ? error.message : String(error));
    } finally {
      // A folder that cannot be removed is no fault of the gate: it is counted, and swept later.
      if (!(await removeTree(folder))) this.#options.log.warn({ folder }, 'a folder of a gate is left');
    }
  }

  /** Cuts running gates short; another worker runs them again. */
  async close(): Promise<void> {
    this.#abort.abort();
    await Promise.allSettled([...this.#running.values()].map(({ ended }) => ended));
    await this.#options.store.rows(freeGatesOfOwner, [this.#ports.owner]).catch(() => []);
  }
}

const failedGate = (output: string): GateResult => ({
  passed: false,
  exitCode: null,
  ms: 0,
  output,
  sandboxed: false,
  timedOut: false,
});

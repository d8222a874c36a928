import type { Logger } from 'pino';
import type { GateResult } from '../../changes/gates.ts';
import { chooseGate } from '../../changes/slots/choose.ts';
import { finishGate } from '../../changes/slots/finish.ts';
import { decideHeldGate, type GateRunRow, lockGateRun } from '../../changes/slots/hold.ts';
import { addGateOutput } from '../../changes/slots/output.ts';
import { failSetup } from '../../changes/slots/setup-failed.ts';
import { dropStale } from '../../changes/slots/stale.ts';
import { beatGates, freeGates, freeGatesOf, takeGate } from '../../changes/slots/take.ts';
import {
  forgetOtherGateways,
  forgetTaker,
  type GateTaker,
  gatewayTaker,
  noteTaker,
} from '../../changes/slots/takers.ts';
import { isGateWaiting, readGateWork } from '../../changes/slots/work.ts';
import { isDenied } from '../../lib/decision.ts';
import { faultOf } from '../../lib/machine-fault.ts';
import { landingSettings } from '../../plan/landing-settings.ts';
import { carryOutGate, failedGate } from '../../runner/gates/carry-out.ts';
import type { GateOrder } from '../../runner/gates/gate-order.ts';
import { piecesOf } from '../../runner/gates/pieces.ts';
import { SetupStore } from '../../runner/setups/setup-store.ts';
import { SetupFailed, Setups } from '../../runner/setups/setups.ts';
import { OutputTap } from '../../sandbox/output-tap.ts';
import type { SandboxSetting } from '../../sandbox/run-gate.ts';
import { type ContainmentKind, findContainment } from '../../sandbox/sandbox.ts';
import type { EventDraft } from '../../store/log/events.ts';
import { leftNothing } from '../../store/retry.ts';
import type { Store, Tx } from '../../store/store.ts';
import type { SystemTransaction } from '../../store/system-transaction.ts';
import { planAt } from '../../tasks/plan-cache.ts';
import { LogOnce } from '../log-once.ts';
import type { Metrics } from '../metrics.ts';
import type { Repositories } from '../repositories/repositories.ts';
import { machineLimitsOf } from '../runs/measure.ts';
import { GateBells } from './gate-bells.ts';

const writesMax = 3;
/** The nonce fences the process; the lease only bounds how long a process may be silent and still write. */
const leaseMs = 60_000;

interface RunningGate {
  readonly ended: Promise<void>;
  readonly abort: AbortController;
  readonly nonce: string;
  readonly tap: OutputTap;
}

/** Services and settings of the worker. */
export interface GateWorkerOptions {
  readonly store: Store;
  readonly git: Repositories;
  readonly metrics: Metrics;
  readonly log: Logger;
  readonly sandbox: SandboxSetting;
  /** Folders that gate commands must not see. */
  readonly hidden: readonly string[];
  /** Folder for what set-ups of gates have made. */
  readonly setupsFolder: string;
  /** The slots of this gateway; with none, runners carry out all gates. */
  readonly gatesAtOnceMax: number;
  /** Milliseconds without a sign of life after which another gateway's gate counts as abandoned. */
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
 * The slots of this gateway: carries out gates, a few at once, each in a clean checkout of the candidate. It takes them as
 * runners do; a gate whose holder died waits again, for whoever takes it next.
 */
export class GateWorker {
  readonly #options: GateWorkerOptions;
  readonly #ports: GateWorkerPorts;
  readonly #running = new Map<string, RunningGate>();
  readonly #abort = new AbortController();
  readonly #errors: LogOnce;
  readonly #bells: GateBells;
  readonly #setups: Setups;
  #contained: ContainmentKind | undefined;
  /** Number of times the database refused the result of a gate. */
  readonly #unwritten = new Map<string, number>();

  constructor(options: GateWorkerOptions, ports: GateWorkerPorts) {
    this.#options = options;
    this.#errors = new LogOnce(options.log);
    this.#ports = ports;
    this.#bells = new GateBells(options.store);
    const store = new SetupStore(options.setupsFolder, (words) => options.log.warn(words));
    this.#setups = new Setups(store);
  }

  /** Calls back whenever gates of the project may wait for a slot; answers a function that ends that. */
  hear(project: string, ring: () => void): () => void {
    return this.#bells.hear(project, ring);
  }

  /** Gives a sign of life for this gateway and its gates, and frees those whose holder gave none. */
  async keep(): Promise<void> {
    const { store, gatesAtOnceMax: slots, abandonedMs } = this.#options;
    const { owner } = this.#ports;
    const containment = this.#containment();
    // A database with one gateway remembers the slots of the processes before this one.
    if (abandonedMs === 0) await forgetOtherGateways(store, owner);
    await noteTaker(store, { id: owner, project: '*', name: owner, grantId: null, containment, slots });
    await this.dropUnwanted();
    await freeGates(store, owner, abandonedMs);
  }

  /** Ends the commands of this process that it no longer holds: nobody waits for their result. */
  async dropUnwanted(): Promise<void> {
    if (this.#running.size === 0) return;
    const mine = [...this.#running].map(([run, { nonce }]) => ({ run, nonce }));
    const kept = await beatGates(this.#options.store, null, mine);
    const held = new Set(kept.map(({ run }) => run));
    for (const { run } of mine) if (!held.has(run)) this.#running.get(run)?.abort.abort();
    const taps = [...this.#running].map(([run, { tap }]) => ({ run, tap }));
    await addGateOutput(this.#options.store, piecesOf(taps, kept));
  }

  /** Takes waiting gates of the project while there is room, and tells runners of the rest. Never rejects. */
  async fill(project: string): Promise<void> {
    try {
      while (!this.#abort.signal.aborted && this.#running.size < this.#options.gatesAtOnceMax) {
        const order = await this.#take(project);
        if (order === undefined) break;
        this.#begin(project, order);
      }
      await this.#bells.ring(project);
    } catch (error) {
      this.#options.log.error({ err: error, project }, 'gates');
    }
  }

  #begin(project: string, order: GateOrder): void {
    const abort = new AbortController();
    const tap = new OutputTap();
    const signal = AbortSignal.any([this.#abort.signal, abort.signal]);
    const ended = this.#run(order, signal, tap).catch((error: unknown) => {
      // A gate that nobody waits for any more is ended wherever it stands.
      if (!signal.aborted) this.#errors.error(error, { gate: order.gate }, 'gate');
    });
    this.#running.set(order.run, { ended, abort, tap, nonce: order.nonce });
    void ended.finally(() => {
      this.#running.delete(order.run);
      void this.fill(project);
    });
  }

  async #take(project: string): Promise<GateOrder | undefined> {
    const { store, sandbox } = this.#options;
    if (!(await isGateWaiting(store, project))) return undefined;
    return this.#ports.systemTransaction(project, async (tx, { planHash }) => {
      const plan = await planAt(tx, project, planHash);
      const { waiting, inUse, stale } = await readGateWork(tx, project, plan);
      const dropped = await dropStale(tx, project, stale);
      const gate = chooseGate(waiting, inUse, gatewayTaker);
      if (gate === undefined) return { result: undefined, events: dropped };
      const bounds = { plan, limits: machineLimitsOf(plan), sandbox };
      const { order, events } = await takeGate(tx, project, gate, this.#taker(), bounds);
      return { result: order, events: [...dropped, ...events] };
    });
  }

  #taker(): GateTaker {
    const containment = this.#containment();
    return { id: gatewayTaker, name: this.#ports.owner, grantId: null, containment, leaseMs };
  }

  #containment(): ContainmentKind {
    this.#contained ??= findContainment().kind;
    return this.#contained;
  }

  async #run(order: GateOrder, abort: AbortSignal, tap: OutputTap): Promise<void> {
    const { git, hidden, log, metrics } = this.#options;
    const containment = this.#containment();
    const result = await carryOutGate(order, {
      checkout: (project, commit, folder) => git.checkout(project, commit, folder),
      files: (project) => git.files(project),
      leftOut: (project, commit) => git.leftOut(project, commit),
      left: (folder) => log.warn({ folder }, 'a folder of a gate is left'),
      ...{ hidden, containment, abort, tap, setups: this.#setups },
    }).catch((error: unknown) => {
      if (error instanceof SetupFailed) return error;
      throw error;
    });
    if (abort.aborted) return;
    if (result instanceof SetupFailed) return this.#failSetup(order, result.message);
    await this.#lastPiece(order.run, tap);
    metrics.gateEnded(result.passed, result.ms / 1000);
    await this.#write(order, result);
    this.#ports.ended(order.project);
  }

  #failSetup(order: GateOrder, why: string): Promise<void> {
    return this.#held(order, (tx, run) => failSetup(tx, run, why));
  }

  async #lastPiece(run: string, tap: OutputTap): Promise<void> {
    if (tap.isOpen) await addGateOutput(this.#options.store, [{ run, text: tap.take(), isFirst: false }]);
  }

  /**
   * Writes the end of a gate. An end that cannot be written is no failed gate: the gate runs again once its
   * signs of life stop. A refusal by the database itself is no accident; at the third one the gate has
   * failed, with that reason.
   */
  async #write(order: GateOrder, result: GateResult): Promise<void> {
    const { run } = order;
    try {
      await this.#finish(order, result);
      this.#unwritten.delete(run);
    } catch (error) {
      if (!leftNothing(error) || faultOf(error) !== undefined) throw error;
      const times = (this.#unwritten.get(run) ?? 0) + 1;
      this.#unwritten.set(run, times);
      if (times < writesMax) throw error;
      const why = error instanceof Error ? error.message : String(error);
      const words = `its result could not be written down ${times} times: ${why}`;
      await this.#finish(order, { ...failedGate(words, result.containment), ms: result.ms });
      this.#unwritten.delete(run);
    }
  }

  #finish(order: GateOrder, result: GateResult): Promise<void> {
    return this.#held(order, async (tx, run, planHash) => {
      const plan = await planAt(tx, order.project, planHash);
      const { retry } = landingSettings(plan);
      return finishGate(tx, { run, declared: plan?.gates[run.gate], result, retry });
    });
  }

  /** Writes about a gate, unless another holder has it by now, or nobody waits for it. */
  #held(
    { project, run, nonce, tree }: GateOrder,
    write: (tx: Tx, row: GateRunRow, planHash: string | null) => Promise<readonly EventDraft[]>,
  ): Promise<void> {
    return this.#ports.systemTransaction(project, async (tx, { now, planHash }) => {
      const row = await lockGateRun(tx, project, run);
      const held = decideHeldGate(row, { run, nonce, tree, grantId: null }, now);
      const events = isDenied(held) ? [] : await write(tx, held.decided, planHash);
      return { result: undefined, events };
    });
  }

  /** Cuts running gates short; another worker runs them again. */
  async close(): Promise<void> {
    this.#abort.abort();
    await Promise.allSettled([...this.#running.values()].map(({ ended }) => ended));
    const { store } = this.#options;
    const { owner } = this.#ports;
    await freeGatesOf(store, owner).catch(() => []);
    await forgetTaker(store, owner).catch(() => []);
  }
}

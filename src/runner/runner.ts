import { createHash } from 'node:crypto';
import { chmodSync, mkdirSync, readdirSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Bell } from '../lib/bell.ts';
import { sweepLeft } from '../sandbox/remove-tree.ts';
import { type ContainmentKind, findContainment } from '../sandbox/sandbox.ts';
import type { LoggedEvent } from '../store/log/logged-event.ts';
import type { GateGateway } from './gates/gate-gateway.ts';
import { GateSlots, type GateSlotsOptions } from './gates/gate-slots.ts';
import { LiveRun } from './live-run.ts';
import { reachableProgram } from './prepare/program-copy.ts';
import { runnerMarkName, startWatchdog, sweepMarked } from './process/watchdog.ts';
import type { EndCause, RunOrder } from './protocol.ts';
import type { LiveRunOptions } from './run-options.ts';

/** The folder, gateway and limits of a runner. */
export interface RunnerOptions extends Omit<LiveRunOptions, 'runs' | 'runnerMark' | 'users'> {
  /** The folder of this runner; each run has one below it. */
  readonly folder: string;
  /** Most runs at once. */
  readonly capacity: number;
  readonly adapters: readonly RunOrder['adapter'][];
  /** Slots for gates, and the gateway that hands them out; absent in a runner that carries out none. */
  readonly gates?: { readonly slots: number; readonly gateway: GateGateway };
  readonly log: (words: string) => void;
  /** Place for a copy of the program when runs cannot read the program itself; in `folder` when absent. */
  readonly programCopy?: string;
}

/** A running runner. */
export interface Runner {
  /** Ids of the runs that are alive in this process. */
  running(): readonly string[];
  /** Ids of the gate runs that are carried out in this process. */
  gates(): readonly string[];
  /**
   * Takes no more runs; ends the present ones; settles when none of their processes is alive and every end is
   * reported.
   */
  close(): Promise<void>;
}

const idleMs = 2_000;
const takeMs = 30_000;
const sweepMs = 60_000;

/** Starts a runner: it takes runs while it has room, and brings each to its end. */
export function startRunner(options: RunnerOptions): Runner {
  makeOpen(options.folder);
  const folder = realpathSync(options.folder);
  const mark = createHash('sha256').update(folder).digest('hex').slice(0, 24);
  sweepMarked(mark);
  const runs = join(folder, 'runs');
  makeOpen(runs);
  const watchdog = startWatchdog(mark);
  const containment = findContainment(options.outer.PATH);
  const program = reachableProgram(options, options.programCopy ?? join(folder, 'program'), containment);
  const taking = new RunQueue({
    ...options,
    ...program,
    runs,
    runnerMark: { [runnerMarkName]: mark },
    users: watchdog,
  });
  const done = taking.go();
  const gates = startGates(options, folder, containment.kind, {
    marks: { [runnerMarkName]: mark },
    users: watchdog,
  });
  return {
    running: () => taking.running(),
    gates: () => gates?.running() ?? [],
    close: async () => {
      await Promise.all([taking.close('runner_ended'), gates?.close()]);
      await done;
      watchdog.close();
    },
  };
}

/** Starts the slots for gates, where the runner has some. */
function startGates(
  { gates, hidden, log, say, outer, sandbox }: RunnerOptions,
  folder: string,
  containment: ContainmentKind,
  found: Pick<GateSlotsOptions, 'marks' | 'users'>,
): GateSlots | undefined {
  if (gates === undefined || gates.slots === 0) return undefined;
  const candidates = join(folder, 'candidates');
  mkdirSync(candidates, { recursive: true, mode: 0o700 });
  return new GateSlots({
    ...{ ...gates, ...found, containment, sandbox, log, say, hidden, path: outer.PATH },
    folder: candidates,
    setupsFolder: join(folder, 'setups'),
  });
}

/** Makes a folder that users of runs can pass through, under any umask; they cannot list it. */
function makeOpen(folder: string): void {
  mkdirSync(folder, { recursive: true });
  chmodSync(folder, 0o711);
}

const wordsOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

class RunQueue {
  readonly #options: LiveRunOptions & RunnerOptions;
  readonly #alive = new Map<string, { run: LiveRun; ended: Promise<void> }>();
  readonly #abort = new AbortController();
  readonly #bell = new Bell();

  constructor(options: LiveRunOptions & RunnerOptions) {
    this.#options = options;
  }

  running(): readonly string[] {
    return [...this.#alive.keys()];
  }

  async go(): Promise<void> {
    void this.#listen();
    void this.#sweep();
    while (!this.#abort.signal.aborted) {
      const order = this.#alive.size < this.#options.capacity ? await this.#take() : null;
      if (order === null) await this.#rest();
      else this.#begin(order);
    }
  }

  async #take(): Promise<RunOrder | null> {
    try {
      const signal = AbortSignal.any([AbortSignal.timeout(takeMs), this.#abort.signal]);
      return await this.#options.gateway.take(this.#options.adapters, signal);
    } catch (error) {
      this.#options.log(`no run could be taken: ${wordsOf(error)}`);
      return null;
    }
  }

  #begin(order: RunOrder): void {
    const run = new LiveRun(order, this.#options);
    // A fault of one run leaves the others alone: the gateway ends the faulty run when its lease is over.
    const ended = run
      .run()
      .catch((error: unknown) => this.#options.log(`${order.id}: ${wordsOf(error)}`))
      .finally(() => {
        this.#alive.delete(order.id);
        this.#bell.ring();
      });
    this.#alive.set(order.id, { run, ended });
    this.#options.say(order.id, `${order.agent} starts${order.task === null ? '' : ` on ${order.task}`}`);
  }

  /** Waits until there may be a run to take. A ring is consumed: otherwise a full runner would spin on it. */
  async #rest(): Promise<void> {
    const timer = setTimeout(() => this.#bell.ring(), idleMs);
    await this.#bell.heard();
    clearTimeout(timer);
  }

  /** Removes the leftovers of an earlier runner or a run, again and again; no call waits for it. */
  async #sweep(): Promise<void> {
    const { runs, keep, log } = this.#options;
    let before = 0;
    while (!keep && !this.#abort.signal.aborted) {
      const left = await sweepLeft(this.#foldersLeft(runs)).catch(() => before);
      if (left > before) log(`folders of runs that cannot be removed yet: ${left} in ${runs}`);
      before = left;
      await delay(sweepMs, undefined, { signal: this.#abort.signal, ref: false }).catch(() => undefined);
    }
  }

  #foldersLeft(runs: string): string[] {
    try {
      const there = readdirSync(runs).filter((name) => !this.#alive.has(name.replace(/\.tests$/, '')));
      return there.map((name) => join(runs, name));
    } catch {
      // The folder could not be read, for want of descriptors say: the next sweep tries again.
      return [];
    }
  }

  async #listen(): Promise<void> {
    while (!this.#abort.signal.aborted) {
      try {
        await this.#options.gateway.listen(({ type, run }) => this.#hear(type, run), this.#abort.signal);
      } catch {
        // The gateway is away; the runner asks it every two seconds anyway.
      }
      await delay(idleMs, undefined, { signal: this.#abort.signal }).catch(() => undefined);
    }
  }

  #hear(type: LoggedEvent['type'], run: string): void {
    if (type === 'run.requested' || type === 'cord.cleared') this.#bell.ring();
    // A stop concerns one run; a cord concerns all, and a revocation any.
    if (type === 'run.stopped') this.#alive.get(run)?.run.nudge();
    if (type === 'cord.pulled' || type === 'token.revoked')
      for (const { run: one } of this.#alive.values()) one.nudge();
  }

  async close(cause: EndCause): Promise<void> {
    this.#abort.abort();
    this.#bell.ring();
    for (const { run } of this.#alive.values()) run.stop(cause, 'its runner was told to end');
    await Promise.all([...this.#alive.values()].map(({ ended }) => ended));
  }
}

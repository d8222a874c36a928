import { setTimeout as delay } from 'node:timers/promises';
import { sweepTemporary } from '../../git/temporary.ts';
import { Bell } from '../../lib/bell.ts';
import { gateBases } from '../../sandbox/gate-room.ts';
import { OutputTap } from '../../sandbox/output-tap.ts';
import { leftName, removeTree } from '../../sandbox/remove-tree.ts';
import type { GateEvidence, SandboxSetting } from '../../sandbox/run-gate.ts';
import type { ContainmentKind, UserWatch } from '../../sandbox/sandbox.ts';
import { SetupStore } from '../setups/setup-store.ts';
import { SetupFailed, Setups } from '../setups/setups.ts';
import { Candidates } from './candidates.ts';
import { carryOutGate } from './carry-out.ts';
import type { GateGateway, GateOffer, HeldOrder } from './gate-gateway.ts';
import type { GateOrder } from './gate-order.ts';
import { piecesOf } from './pieces.ts';

/** The slots of a runner for gates. */
export interface GateSlotsOptions {
  readonly gateway: GateGateway;
  readonly slots: number;
  readonly containment: ContainmentKind;
  readonly sandbox: SandboxSetting;
  /** The folder of the candidates, and that of what set-ups have made. */
  readonly folder: string;
  readonly setupsFolder: string;
  readonly hidden: readonly string[];
  readonly marks: Readonly<Record<string, string>>;
  readonly users: UserWatch;
  readonly path: string | undefined;
  readonly log: (words: string) => void;
  readonly say: (gate: string, words: string) => void;
}

const idleMs = 2_000;
const callMs = 30_000;
const againMs = 1_000;
/** Rest after a fault of this machine, so that others get the gate. */
const faultMs = 5_000;
const sweepMs = 60_000;
const beatsInLease = 5;
const lookMs = 100;
/** Time between two signs of life while somebody follows a gate. */
const followedMs = 1_000;
/** Time before the end of a lease at which its command is ended, so that it is dead by then. */
const killMs = 200;

interface LiveGate {
  readonly order: GateOrder;
  readonly abort: AbortController;
  readonly tap: OutputTap;
  readonly ended: Promise<void>;
}

const wordsOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** Carries out gates while it has room, each in a checkout of its candidate, and reports each to the gateway. */
export class GateSlots {
  readonly #options: GateSlotsOptions;
  readonly #candidates: Candidates;
  readonly #setups: Setups;
  readonly #live = new Map<string, LiveGate>();
  readonly #abort = new AbortController();
  readonly #bell = new Bell();
  #reachedMs = performance.now();
  #restUntilMs = 0;
  /** The gates that the last sign of life kept. */
  #kept: Awaited<ReturnType<GateGateway['beat']>> = [];
  #told = '';
  readonly #loops: Promise<unknown>;

  constructor(options: GateSlotsOptions) {
    this.#options = options;
    this.#candidates = new Candidates(options.gateway, options.folder, options.path);
    this.#setups = new Setups(new SetupStore(options.setupsFolder, options.log));
    this.#loops = Promise.all([
      this.#takes(),
      this.#beats(),
      this.#watchesLease(),
      this.#listens(),
      this.#sweeps(),
    ]);
  }

  /** Ids of the gate runs that are carried out. */
  running(): readonly string[] {
    return [...this.#live.keys()];
  }

  get #offer(): GateOffer {
    const { slots, containment } = this.#options;
    return { slots, containment };
  }

  get #held(): HeldOrder[] {
    return [...this.#live.values()].map(({ order: { run, nonce } }) => ({ run, nonce }));
  }

  #signal(ms = callMs): AbortSignal {
    return AbortSignal.any([this.#abort.signal, AbortSignal.timeout(ms)]);
  }

  async #takes(): Promise<void> {
    while (!this.#abort.signal.aborted) {
      const isFree = this.#live.size < this.#options.slots && performance.now() >= this.#restUntilMs;
      const order = isFree ? await this.#take() : null;
      if (order === null) await this.#rest();
      else this.#begin(order);
    }
  }

  async #take(): Promise<GateOrder | null> {
    try {
      const order = await this.#options.gateway.take(this.#offer, this.#signal());
      this.#told = '';
      return order;
    } catch (error) {
      this.#tell(`no gate could be taken: ${wordsOf(error)}`);
      return null;
    }
  }

  /** Says a fault once, until it is another one. */
  #tell(words: string): void {
    if (words !== this.#told && !this.#abort.signal.aborted) this.#options.log(words);
    this.#told = words;
  }

  /** Waits until there may be a gate to take. A ring is consumed: otherwise full slots would spin on it. */
  async #rest(): Promise<void> {
    const timer = setTimeout(() => this.#bell.ring(), idleMs);
    await this.#bell.heard();
    clearTimeout(timer);
  }

  #begin(order: GateOrder): void {
    if (this.#live.size === 0) this.#reachedMs = performance.now();
    const abort = new AbortController();
    this.#options.say(order.run, `gate ${order.gate} on ${order.tree.slice(0, 12)}`);
    const tap = new OutputTap();
    const signal = AbortSignal.any([this.#abort.signal, abort.signal]);
    const ended = this.#carryOut(order, signal, tap).finally(() => {
      this.#live.delete(order.run);
      this.#bell.ring();
    });
    this.#live.set(order.run, { order, abort, tap, ended });
  }

  /** Never rejects: what this machine cannot carry out is given back, and runs elsewhere. */
  async #carryOut(order: GateOrder, abort: AbortSignal, tap: OutputTap): Promise<void> {
    try {
      await this.#candidates.fetch(order, abort);
      const result = await this.#run(order, abort, tap);
      if (tap.isOpen && !abort.aborted) await this.#beat(order.leaseMs);
      if (!abort.aborted) await this.#report(order, result, abort);
    } catch (error) {
      if (abort.aborted) return;
      this.#options.log(`gate ${order.gate} is given back: ${wordsOf(error)}`);
      if (error instanceof SetupFailed) return this.#failSetup(order, error.message);
      this.#restUntilMs = performance.now() + faultMs;
      const { run, nonce } = order;
      await this.#options.gateway.release([{ run, nonce }], false, this.#signal()).catch(() => undefined);
    }
  }

  #run(order: GateOrder, abort: AbortSignal, tap: OutputTap): Promise<GateEvidence> {
    const { hidden, containment, marks, users, path, log, sandbox } = this.#options;
    const asked = sandbox === 'required' ? { ...order, sandbox } : order;
    return carryOutGate(asked, {
      checkout: (project, commit, folder) => this.#candidates.checkout(project, commit, folder),
      files: (project) => this.#candidates.files(project),
      leftOut: (project, commit) => this.#candidates.leftOut(project, commit),
      setups: this.#setups,
      left: (folder) => log(`a folder of a gate cannot be removed yet: ${folder}`),
      ...{ hidden, containment, abort, tap, marks, users },
      ...(path === undefined ? {} : { searchPath: path }),
    });
  }

  async #failSetup(order: GateOrder, why: string): Promise<void> {
    await this.#options.gateway
      .setupFailed(order, why, this.#signal())
      .catch((error: unknown) => this.#options.log(`the set-up was not reported: ${wordsOf(error)}`));
  }

  /** Reports until the gateway has the end, or the gate is lost. */
  async #report(order: GateOrder, result: GateEvidence, abort: AbortSignal): Promise<void> {
    while (!abort.aborted) {
      try {
        const answer = await this.#options.gateway.end(order, result, this.#signal());
        this.#options.say(order.run, answer === 'lost' ? 'was lost' : result.passed ? 'passed' : 'failed');
        return;
      } catch (error) {
        this.#tell(`the end of gate ${order.gate} was not taken: ${wordsOf(error)}`);
        await delay(againMs, undefined, { signal: abort }).catch(() => undefined);
      }
    }
  }

  /** The shortest lease of the gates that are carried out; undefined while there is none. */
  get #leaseMs(): number | undefined {
    const all = [...this.#live.values()].map(({ order }) => order.leaseMs);
    return all.length === 0 ? undefined : Math.min(...all);
  }

  async #beats(): Promise<void> {
    let lastMs = Number.NEGATIVE_INFINITY;
    while (!this.#abort.signal.aborted) {
      const leaseMs = this.#leaseMs;
      const nowMs = performance.now();
      const everyMs = this.#isFollowed ? followedMs : (leaseMs ?? 0) / beatsInLease;
      if (leaseMs !== undefined && nowMs - lastMs >= everyMs) {
        lastMs = nowMs;
        await this.#beat(leaseMs);
      }
      await this.#look();
    }
  }

  /**
   * Ends all gates when the gateway was not reached for the length of a lease, by this machine's own clock: over a cut
   * connection a call does not fail, it only stays unanswered.
   */
  async #watchesLease(): Promise<void> {
    while (!this.#abort.signal.aborted) {
      const leaseMs = this.#leaseMs;
      if (leaseMs !== undefined && performance.now() - this.#reachedMs >= leaseMs - killMs)
        for (const { abort } of this.#live.values()) abort.abort();
      await this.#look();
    }
  }

  async #look(): Promise<void> {
    await delay(lookMs, undefined, { signal: this.#abort.signal }).catch(() => undefined);
  }

  get #isFollowed(): boolean {
    return [...this.#live.values()].some(({ tap }) => tap.isOpen);
  }

  /** Gives a sign of life for all gates; one that the gateway gave up is ended. */
  async #beat(leaseMs: number): Promise<void> {
    const sentMs = performance.now();
    const asked = this.#held;
    const taps = [...this.#live].map(([run, { tap }]) => ({ run, tap }));
    const output = piecesOf(taps, this.#kept);
    try {
      this.#kept = await this.#options.gateway.beat(this.#offer, asked, output, this.#signal(leaseMs));
      this.#reachedMs = sentMs;
      const held = new Set(this.#kept.map(({ run }) => run));
      for (const { run } of asked) if (!held.has(run)) this.#live.get(run)?.abort.abort();
    } catch (error) {
      this.#tell(`no sign of life came through: ${wordsOf(error)}`);
    }
  }

  async #listens(): Promise<void> {
    while (!this.#abort.signal.aborted) {
      // While the gateway is away, the runner asks it every two seconds anyway.
      await this.#options.gateway.listen(() => this.#bell.ring(), this.#abort.signal).catch(() => undefined);
      await delay(idleMs, undefined, { signal: this.#abort.signal }).catch(() => undefined);
    }
  }

  /** Removes the folders of runners that were killed. */
  async #sweeps(): Promise<void> {
    while (!this.#abort.signal.aborted) {
      await sweepTemporary(removeTree, gateBases(), leftName).catch(() => undefined);
      await delay(sweepMs, undefined, { signal: this.#abort.signal, ref: false }).catch(() => undefined);
    }
  }

  /** Takes no more gates, ends those under way, and gives them back. */
  async close(): Promise<void> {
    const held = this.#held;
    this.#abort.abort();
    this.#bell.ring();
    await Promise.all([...this.#live.values()].map(({ ended }) => ended));
    await this.#loops;
    await this.#options.gateway
      .release(held, true, AbortSignal.timeout(idleMs))
      .catch((error: unknown) => this.#options.log(`gates were not given back: ${wordsOf(error)}`));
    await this.#candidates.close();
  }
}

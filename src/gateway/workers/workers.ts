import { ne } from 'drizzle-orm';
import { newId } from '../../process/new-id.ts';
import { readStranded, settleStranded } from '../../stops/stranded.ts';
import { appendEvents } from '../../store/log/events.ts';
import { belowWords } from '../../store/log/mark.ts';
import type { Sequencer } from '../../store/log/sequencer.ts';
import type { SystemTransaction } from '../../store/system-transaction.ts';
import { projects } from '../../tasks/schema.ts';
import { analyseTasks, statisticsFrom } from '../../tasks/statistics.ts';
import { enter } from '../admission/enter.ts';
import { AuditWorker, type AuditWorkerOptions } from '../audits/audit-worker.ts';
import { verifyAndStop } from '../audits/verify-and-stop.ts';
import type { TokenService } from '../auth/token-service.ts';
import { GateWorker, type GateWorkerOptions } from '../changes/gate-worker.ts';
import { LandingWorker, type LandingWorkerOptions } from '../changes/landing-worker.ts';
import type { LogKeeper } from '../log-mark/log-keeper.ts';
import { tellProtection } from '../plan/protection-notice.ts';
import type { VerifiedLog, WorkersPort } from '../services.ts';
import { watchBlocked } from '../stops/blocked.ts';
import { clearOutlived } from '../stops/outlived.ts';
import { endOverdueRuns, expireAll, forgetOld, giveBackBudgets, signChain } from './chores.ts';

/** Services and settings of all workers. */
export interface WorkersOptions extends GateWorkerOptions, LandingWorkerOptions, AuditWorkerOptions {
  /** Milliseconds for which a runner holds a gate without a sign of life. */
  readonly gateLeaseMs: number;
  readonly sequencer: Sequencer;
  readonly tokens: TokenService;
  /** While the database is below the mark of its log, no worker runs. */
  readonly logKeeper: LogKeeper;
}

/**
 * Workers that run by themselves: gates run, approved changes land, leases expire, crashed landings are
 * finished or voided, the chain is signed. Each step is one transaction, so any gateway may do it and a crash
 * loses nothing.
 */
export class Workers implements WorkersPort {
  readonly #options: WorkersOptions;
  readonly #gates: GateWorker;
  readonly #landings: LandingWorker;
  readonly #audits: AuditWorker;
  #closed = false;
  #hasNewTasks = false;

  constructor(options: WorkersOptions) {
    this.#options = options;
    const owner = newId('landing');
    const systemTransaction = this.#systemTransaction;
    this.#gates = new GateWorker(options, {
      owner,
      systemTransaction,
      ended: (project) => this.wake(project),
    });
    this.#audits = new AuditWorker(options, { owner, systemTransaction });
    this.#landings = new LandingWorker(options, {
      owner,
      systemTransaction,
      wished: (project) =>
        void this.#gates.dropUnwanted().then(
          () => this.#gates.fill(project),
          () => {},
        ),
    });
  }

  get gateBounds() {
    const { sandbox, gateLeaseMs: leaseMs } = this.#options;
    return { sandbox, leaseMs };
  }

  hearGates(project: string, ring: () => void): () => void {
    return this.#gates.hear(project, ring);
  }

  get #rests(): boolean {
    return this.#closed || this.#options.logKeeper.below !== undefined;
  }

  /** Runs the waiting gates of the project, and lands its approved changes. Never rejects. */
  wake(project: string): void {
    if (this.#rests) return;
    void this.#gates.fill(project);
    this.#landings.wake(project);
  }

  /**
   * Notes that an applied plan added or changed so many tasks: the next round gathers their statistics,
   * outside of any call.
   */
  planned(tasks: number): void {
    if (tasks >= statisticsFrom) this.#hasNewTasks = true;
  }

  /** Starts on the audits that were requested. Never rejects. */
  audit(): void {
    if (!this.#rests) this.#audits.wake();
  }

  /**
   * Ends the landings of the project (`*`: of all) with an intent from before a red stop; called before the
   * stop is acknowledged.
   */
  async settleLandings(project: string): Promise<void> {
    const names = project === '*' ? (await this.#projects()).map(({ name }) => name) : [project];
    for (const name of names) await this.#landings.settle(name);
  }

  settleSync(project: string, id: string): Promise<boolean> {
    return this.#landings.settleSync(project, id);
  }

  /** Wakes the project; `*` all of them. */
  async wakeAll(project: string): Promise<void> {
    if (project !== '*') return this.wake(project);
    for (const { name } of await this.#projects()) this.wake(name);
  }

  /**
   * Upgrades the data that an earlier version left in the database; called once at the start, before any
   * client is let in.
   */
  async upgrade(): Promise<void> {
    await tellProtection(this.#options.store, this.#systemTransaction);
    for (const { name } of await this.#projects())
      if ((await readStranded(this.#options.store, name)).length > 0)
        await this.#systemTransaction(name, async (tx) => ({
          result: undefined,
          events: (await settleStranded(tx, name)).events,
        }));
  }

  /** Makes one round over all projects; called every second and once at the start. */
  async tick(): Promise<void> {
    if (this.#rests) return;
    const { store, sequencer, tokens } = this.#options;
    await this.#gates.keep();
    await this.#countTasks();
    await endOverdueRuns(store, this.#systemTransaction, tokens.issuer);
    await expireAll(store, this.#systemTransaction);
    await giveBackBudgets(store, sequencer);
    this.audit();
    await watchBlocked(store, this.#systemTransaction);
    await clearOutlived(store, this.#systemTransaction);
    for (const { name } of await this.#projects()) {
      await this.#landings.reconcile(name);
      this.wake(name);
    }
  }

  async #countTasks(): Promise<void> {
    if (!this.#hasNewTasks) return;
    this.#hasNewTasks = false;
    const { store, log } = this.#options;
    // Without statistics claims are slower, and nothing else.
    await analyseTasks(store).catch((error: unknown) => log.warn({ err: error }, 'statistics of tasks'));
  }

  /** Does the rarer chores: stored answers, a checkpoint. */
  async tidy(): Promise<void> {
    if (this.#rests) return;
    await forgetOld(this.#options.store);
    await this.checkpoint();
    for (const { name } of await this.#projects()) await this.#landings.follow(name);
  }

  /** Keeps the repositories fast and verifies the log; called every hour. */
  async maintain(): Promise<void> {
    if (this.#rests) return;
    const { git, log } = this.#options;
    await this.verifyLog().catch((error: unknown) => log.warn({ err: error }, 'audit'));
    for (const { name } of await this.#projects()) {
      await git
        .maintain(name)
        .catch((error: unknown) => log.warn({ err: error, project: name }, 'maintenance'));
    }
  }

  /** Signs the end of the chain, if it has grown since the last time. */
  checkpoint(): Promise<void> {
    return signChain(this.#options.store, this.#options.tokens);
  }

  /** Verifies the log and its mark; a broken chain pulls the cord on every project. */
  async verifyLog(): Promise<VerifiedLog> {
    const { store, tokens, logKeeper } = this.#options;
    const result = await verifyAndStop(store, tokens, this.#systemTransaction, () =>
      this.settleLandings('*'),
    );
    const below = await logKeeper.check();
    return { ...result, below: below === undefined ? null : belowWords(below) };
  }

  async #projects(): Promise<{ name: string }[]> {
    return this.#options.store.orm
      .select({ name: projects.name })
      .from(projects)
      .where(ne(projects.name, '*'));
  }

  #systemTransaction: SystemTransaction = async (project, work) => {
    const { store, sequencer } = this.#options;
    const { result, count } = await store.transaction(async (tx) => {
      const entered = await enter(tx, { project, exclusive: true });
      const done = await work(tx, entered);
      appendEvents(tx, done.events);
      return { result: done.result, count: done.events.length };
    });
    if (count > 0) sequencer.wake();
    return result;
  };

  /** Ends running gates, waits for landings under way. */
  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all([this.#gates.close(), this.#landings.close(), this.#audits.close()]);
  }
}

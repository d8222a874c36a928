import { eq } from 'drizzle-orm';
import type { Logger } from 'pino';
import { type LandingPoint, reconcile } from '../../changes/landing.ts';
import { type QueueEntry, readEntries } from '../../changes/queue/entries.ts';
import { queueRound } from '../../changes/queue/round.ts';
import { forgetTrees } from '../../changes/queue/trees.ts';
import { readSlots } from '../../changes/slots/takers.ts';
import { carryOutSync, readSync, reconcileSyncs } from '../../changes/syncs.ts';
import { Coalesced } from '../../lib/coalesced.ts';
import { defined } from '../../lib/defined.ts';
import { AndonError } from '../../lib/errors.ts';
import { orDiskFull } from '../../store/disk-room.ts';
import { type EventDraft, event, gatewayEvent } from '../../store/log/events.ts';
import type { Store } from '../../store/store.ts';
import type { SystemTransaction } from '../../store/system-transaction.ts';
import { projects } from '../../tasks/schema.ts';
import { LogOnce } from '../log-once.ts';
import type { Metrics } from '../metrics.ts';
import type { Repositories } from '../repositories/repositories.ts';
import { readDecisionFiles } from './decision-files.ts';
import { divergedEvents, UpstreamFollower } from './follow.ts';
import { MergeWorker } from './merge-worker.ts';
import { SteeringChanges } from './steering.ts';

/** Services and settings of the worker. */
export interface LandingWorkerOptions {
  readonly store: Store;
  readonly git: Repositories;
  readonly metrics: Metrics;
  readonly log: Logger;
  /** Milliseconds for which a fetch of an upstream counts. */
  readonly upstreamFreshMs: number;
  /** Milliseconds after which another process's intent counts as abandoned. */
  readonly abandonedMs: number;
  /** Called at named points of a landing, so that tests can end the process there. */
  readonly at?: (point: LandingPoint) => void;
}

/** Ports through which the worker names its process and wakes projects. */
export interface LandingWorkerPorts {
  /** Names this process in intents. */
  readonly owner: string;
  readonly systemTransaction: SystemTransaction;
  /** Called when gates wait to run, or runs are no longer wished. */
  readonly wished: (project: string) => void;
}

/** Steps of one round at most, so that no fault of the planner keeps the process busy. */
const stepsMax = 5_000;

/**
 * Lands approved changes in batches, one swap at a time in each project, and mirrors main to the upstream if the project asks
 * for that.
 */
export class LandingWorker {
  readonly #options: LandingWorkerOptions;
  readonly #ports: LandingWorkerPorts;
  /** Landings by project. */
  readonly #landings = new Map<string, Coalesced>();
  readonly #errors: LogOnce;
  readonly #steering: SteeringChanges;
  readonly #follower: UpstreamFollower;
  readonly #merges: MergeWorker;
  #closed = false;

  constructor(options: LandingWorkerOptions, ports: LandingWorkerPorts) {
    this.#options = options;
    this.#errors = new LogOnce(options.log);
    this.#steering = new SteeringChanges(options.git);
    this.#ports = ports;
    this.#follower = new UpstreamFollower(this.#syncPorts(), options);
    this.#merges = new MergeWorker(this.#syncPorts(), options);
  }

  /** Lands every change that can land; one round more when it is called meanwhile. Never rejects. */
  wake(project: string): void {
    if (!this.#closed) void this.#landingOf(project).ask();
  }

  #landingOf(project: string): Coalesced {
    const known = this.#landings.get(project);
    if (known !== undefined) return known;
    const landing = new Coalesced(
      () => this.#landAll(project),
      (error) => void this.#failed(project, error),
    );
    this.#landings.set(project, landing);
    return landing;
  }

  async #failed(project: string, error: unknown): Promise<void> {
    const found = await orDiskFull(error, this.#options.git.folderOf(project));
    this.#errors.error(found, { project }, 'landing');
  }

  /** Ends the landings of a dead process. One project with a broken repository must not hold up the others. */
  async reconcile(project: string): Promise<void> {
    // A landing of this very process concludes itself.
    if (this.#landings.get(project)?.running !== undefined) return;
    const { abandonedMs } = this.#options;
    await reconcile(this.#landingPorts(), project, abandonedMs)
      .then(() => reconcileSyncs(this.#syncPorts(), project, Math.max(abandonedMs, syncMs)))
      .catch((error: unknown) => this.#errors.error(error, { project }, 'reconcile'));
  }

  /**
   * Ends every landing under way: a landing that has moved main is landed, any other never will be, because
   * the fence is raised. From then on only landings with a new intent land, and an intent reads stops. The
   * process that was landing finds its landing ended.
   */
  async settle(project: string): Promise<void> {
    await reconcile(this.#landingPorts(), project, 0);
    await reconcileSyncs(this.#syncPorts(), project, 0);
  }

  /** Takes what the upstream has, where the project follows it. Never rejects. */
  follow(project: string): Promise<void> {
    return this.#follower.follow(project);
  }

  async #followBeforeStacking(project: string): Promise<void> {
    if ((await readEntries(this.#options.store, project)).length > 0) await this.follow(project);
  }

  /** Carries out a sync that was intended; true when main is where it leads. */
  async settleSync(project: string, id: string): Promise<boolean> {
    for (let row = await readSync(this.#options.store, project, id); ; ) {
      if (row === undefined || row.state === 'void') return false;
      if (row.state === 'done') return true;
      await carryOutSync(this.#syncPorts(), row);
      row = await readSync(this.#options.store, project, id);
    }
  }

  #syncPorts() {
    const { git, at, store: session } = this.#options;
    const { systemTransaction } = this.#ports;
    return { git, session, systemTransaction, ...defined({ at }) };
  }

  #landingPorts() {
    const { git, at, store } = this.#options;
    return {
      git,
      session: store,
      systemTransaction: this.#ports.systemTransaction,
      owner: this.#ports.owner,
      slots: (project: string) => readSlots(store, project),
      nowMs: Date.now,
      steers: (entry: QueueEntry) => this.#steering.of(entry),
      ...defined({ at }),
    };
  }

  async #landAll(project: string): Promise<void> {
    const started = performance.now();
    await this.#merges.round(project);
    await this.#followBeforeStacking(project);
    for (let steps = 0; steps < stepsMax && !this.#closed; steps++) {
      const outcome = await queueRound(this.#landingPorts(), project);
      if (outcome.is === 'landed') await this.#landed(project, started);
      if (['rebuilt', 'runs', 'begun'].includes(outcome.is)) this.#ports.wished(project);
      if (outcome.is === 'rest' || outcome.is === 'runs') return;
    }
  }

  async #landed(project: string, started: number): Promise<void> {
    const { store, git, metrics, log } = this.#options;
    metrics.landed((performance.now() - started) / 1000);
    // The landing stands even where its decisions cannot be read: the next one reads them.
    const { systemTransaction } = this.#ports;
    await readDecisionFiles({ store, git, systemTransaction }, project).catch((error: unknown) =>
      this.#errors.error(error, { project }, 'decisions'),
    );
    await forgetTrees(store, project, await git.main(project));
    const [row] = await store.orm
      .select({ upstream: projects.upstream })
      .from(projects)
      .where(eq(projects.name, project));
    if (row?.upstream === null || row?.upstream === undefined) return;
    const { upstream } = row;
    // The landing stands even when the mirror fails; a divergence is an event that people see.
    await git.mirrorAfterLanding(project, upstream).catch(async (error: unknown) => {
      log.warn({ err: error, project }, 'mirror');
      const isApart = error instanceof AndonError && error.code === 'sync.diverged';
      const found = isApart ? await this.#follower.apart(project, upstream, error) : wordsOf(error);
      await this.#ports.systemTransaction(project, async (tx) => ({
        result: undefined,
        events: isApart ? await divergedEvents(tx, project, found) : [unmirrored(project, found)],
      }));
    });
  }

  /** Waits for landings that have begun. */
  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all([...this.#landings.values()].map((landing) => landing.close()));
  }
}

/** Time that a sync of a living process takes, from its intent to its end; one that takes longer is made anew. */
const syncMs = 5_000;

const wordsOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** The event that an upstream did not take a landing; one that does not answer proves nothing. */
const unmirrored = (project: string, found: string): EventDraft =>
  gatewayEvent(project, event('sync.diverged', `project/${project}`, { found }));

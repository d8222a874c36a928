import { eq } from 'drizzle-orm';
import type { Logger } from 'pino';
import { type LandingPoint, reconcile } from '../../changes/landing.ts';
import type { QueueEntry } from '../../changes/queue/entries.ts';
import { queueRound } from '../../changes/queue/round.ts';
import { forgetTrees } from '../../changes/queue/trees.ts';
import { syncStop } from '../../changes/sync-stop.ts';
import { Coalesced } from '../../lib/coalesced.ts';
import { defined } from '../../lib/defined.ts';
import { AndonError } from '../../lib/errors.ts';
import { pullCord } from '../../stops/rows.ts';
import { orDiskFull } from '../../store/disk-room.ts';
import { type EventDraft, event, gatewayEvent } from '../../store/log/events.ts';
import type { Store, Tx } from '../../store/store.ts';
import type { SystemTransaction } from '../../store/system-transaction.ts';
import { projects } from '../../tasks/schema.ts';
import { LogOnce } from '../log-once.ts';
import type { Metrics } from '../metrics.ts';
import type { Repositories } from '../repositories/repositories.ts';
import { SteeringChanges } from './steering.ts';

/** Services and settings of the worker. */
export interface LandingWorkerOptions {
  readonly store: Store;
  readonly git: Repositories;
  readonly metrics: Metrics;
  readonly log: Logger;
  /** Gates that run at once: the queue has as many trees under test. */
  readonly gatesAtOnceMax: number;
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
  #closed = false;

  constructor(options: LandingWorkerOptions, ports: LandingWorkerPorts) {
    this.#options = options;
    this.#errors = new LogOnce(options.log);
    this.#steering = new SteeringChanges(options.git);
    this.#ports = ports;
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
    await reconcile(this.#landingPorts(), project, this.#options.abandonedMs).catch((error: unknown) =>
      this.#errors.error(error, { project }, 'reconcile'),
    );
  }

  /**
   * Ends every landing under way: a landing that has moved main is landed, any other never will be, because
   * the fence is raised. From then on only landings with a new intent land, and an intent reads stops. The
   * process that was landing finds its landing ended.
   */
  async settle(project: string): Promise<void> {
    await reconcile(this.#landingPorts(), project, 0);
  }

  #landingPorts() {
    const { git, at, store, gatesAtOnceMax } = this.#options;
    return {
      git,
      session: store,
      systemTransaction: this.#ports.systemTransaction,
      owner: this.#ports.owner,
      slots: gatesAtOnceMax,
      nowMs: Date.now,
      steers: (entry: QueueEntry) => this.#steering.of(entry),
      ...defined({ at }),
    };
  }

  async #landAll(project: string): Promise<void> {
    const started = performance.now();
    for (let steps = 0; steps < stepsMax && !this.#closed; steps++) {
      const outcome = await queueRound(this.#landingPorts(), project);
      if (outcome.is === 'landed') await this.#landed(project, started);
      if (outcome.is === 'rebuilt' || outcome.is === 'runs') this.#ports.wished(project);
      if (outcome.is === 'rest' || outcome.is === 'runs') return;
    }
  }

  async #landed(project: string, started: number): Promise<void> {
    const { store, git, metrics, log } = this.#options;
    metrics.landed((performance.now() - started) / 1000);
    await forgetTrees(store, project, await git.main(project));
    const [row] = await store.orm
      .select({ upstream: projects.upstream })
      .from(projects)
      .where(eq(projects.name, project));
    if (row?.upstream === null || row?.upstream === undefined) return;
    // The landing stands even when the mirror fails; a divergence is an event that people see.
    await git.mirrorAfterLanding(project, row.upstream).catch(async (error: unknown) => {
      log.warn({ err: error, project }, 'mirror');
      await this.#ports.systemTransaction(project, async (tx) => ({
        result: undefined,
        events: [diverged(project, error), ...(await pullOnDivergence(tx, project, error))],
      }));
    });
  }

  /** Waits for landings that have begun. */
  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all([...this.#landings.values()].map((landing) => landing.close()));
  }
}

/** Stops the project whose upstream has diverged; an upstream that does not answer proves nothing. */
const pullOnDivergence = async (tx: Tx, project: string, error: unknown): Promise<readonly EventDraft[]> =>
  error instanceof AndonError && error.code === 'sync.diverged'
    ? pullCord(tx, syncStop(project, error.reasons[0].found))
    : [];

const diverged = (project: string, error: unknown): EventDraft => {
  const found = error instanceof Error ? error.message : String(error);
  return gatewayEvent(project, event('sync.diverged', `project/${project}`, { found }));
};

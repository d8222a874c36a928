import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { and, eq, ne } from 'drizzle-orm';
import type { Logger } from 'pino';
import { finishGate, type NamedGate } from '../line/gating.ts';
import { type LandingPoint, landOne, reconcile } from '../line/land-one.ts';
import type { LineTx } from '../line/line-tx.ts';
import { runGate, type SandboxSetting } from '../runtime/run-gate.ts';
import type { Chainer } from '../store/chainer.ts';
import { appendEvents, type EventDraft } from '../store/events.ts';
import { newId } from '../store/ids.ts';
import { checkpoints } from '../store/schema.ts';
import { type Store, statement } from '../store/store.ts';
import { expireLeases } from '../tasks/lease.ts';
import { durationMs } from '../tasks/plan.ts';
import { readPlan } from '../tasks/plan-apply.ts';
import type { ChangeRow } from '../tasks/rows.ts';
import { projects, tasks } from '../tasks/schema.ts';
import { returnBudgets } from './auth/minting.ts';
import type { TokenService } from './auth/token-service.ts';
import { enter } from './door/enter.ts';
import type { GitProjects } from './git-projects.ts';
import type { Metrics } from './metrics.ts';

export interface LineServiceOptions {
  readonly store: Store;
  readonly chainer: Chainer;
  readonly git: GitProjects;
  readonly tokens: TokenService;
  readonly metrics: Metrics;
  readonly log: Logger;
  readonly sandbox: SandboxSetting;
  /** Folders that gate commands must not see. */
  readonly hidden: readonly string[];
  readonly gatesAtOnceMax: number;
  /** After this long an intent of another process counts as abandoned. */
  readonly intentMs: number;
  /** Called at the named points of a landing; tests die there. */
  readonly at?: (point: LandingPoint) => void;
}

interface WaitingGate {
  readonly id: string;
  readonly project: string;
  readonly change: string;
  readonly gate: string;
  readonly tree: string;
  readonly candidate: string;
}

const takeGate = statement(
  'gates.take',
  `update gate_runs set status = 'running', runner = $2, started_at = andon_now()
   where id = (select g.id from gate_runs g join changes c on c.id = g.change
     where g.project = $1 and g.status = 'waiting' and not g.manual and g.tree = c.tree and c.state = 'gating'
     order by g.created_at limit 1 for update of g skip locked)
   returning id, project, change, gate, tree, (select candidate from changes c where c.id = change) as candidate`,
);
const runningGates = statement(
  'gates.running',
  `select id, project, gate, runner, extract(epoch from andon_now() - started_at)::float8 * 1000 as ms
   from gate_runs where status = 'running' and runner <> $1`,
);
const freeGate = statement(
  'gates.free',
  `update gate_runs set status = 'waiting', runner = null, started_at = null
   where id = $1 and status = 'running' and runner = $2`,
);
/** Checkout, clean-up and a slow machine, beside the time limit of a gate. */
const gateGraceMs = 5 * 60_000;

interface RunningGate {
  readonly id: string;
  readonly project: string;
  readonly gate: string;
  readonly runner: string;
  readonly ms: number;
}

const expiredProjects = statement(
  'leases.expired',
  `select distinct project from tasks where state = 'in_progress' and lease_until <= andon_now()`,
);
const oldRequests = statement(
  'requests.sweep',
  `delete from requests where at < andon_now() - interval '24 hours'`,
);
const lastPlaced = statement(
  'checkpoint.due',
  `select e.position, e.hash from events e where e.position = (select max(position) from events)
   and e.position > coalesce((select max(position) from checkpoints), 0)`,
);

/**
 * What goes on by itself: gates run, approved changes land, leases expire, crashed landings are finished or voided,
 * the chain is signed. Each step is a transaction of its own, so any gateway may do it and a crash loses nothing.
 */
export class LineService {
  readonly #options: LineServiceOptions;
  readonly #owner = newId('landing');
  readonly #landing = new Map<string, Promise<void>>();
  readonly #again = new Set<string>();
  readonly #gates = new Set<Promise<void>>();
  readonly #abort = new AbortController();
  #closed = false;

  constructor(options: LineServiceOptions) {
    this.#options = options;
  }

  /** Work may be waiting in this project: run its gates, land what is approved. Never rejects. */
  wake(project: string): void {
    if (this.#closed) return;
    void this.#fillGates(project);
    if (this.#landing.has(project)) {
      this.#again.add(project);
      return;
    }
    const landing = this.#landAll(project)
      .catch((error: unknown) => this.#options.log.error({ err: error, project }, 'landing'))
      .finally(() => {
        this.#landing.delete(project);
        if (this.#again.delete(project)) this.wake(project);
      });
    this.#landing.set(project, landing);
  }

  /** One round over all projects; called every second and once at the start. */
  async tick(): Promise<void> {
    if (this.#closed) return;
    const { store } = this.#options;
    for (const { project } of await store.rows<{ project: string }>(expiredProjects))
      await this.#expire(project);
    await this.#returnBudgets();
    for (const { name } of await this.#projects()) {
      // A project whose repository is broken holds up no other.
      await reconcile(this.#ports(), name, this.#options.intentMs).catch((error: unknown) =>
        this.#options.log.error({ err: error, project: name }, 'reconcile'),
      );
      this.wake(name);
    }
  }

  /** The rarer chores: gates of dead runners, stored answers, a checkpoint. */
  async tidy(): Promise<void> {
    if (this.#closed) return;
    const { store } = this.#options;
    await this.#freeGates();
    await store.rows(oldRequests);
    await this.checkpoint();
  }

  /** Gates of other gateways that should have ended by their own time limit wait again: their runner is dead. */
  async #freeGates(): Promise<void> {
    const { store, intentMs } = this.#options;
    for (const { id, project, gate, runner, ms } of await store.rows<RunningGate>(runningGates, [
      this.#owner,
    ])) {
      const planned = (await readPlan(store, project))?.gates[gate];
      const timeoutMs = planned !== undefined && 'run' in planned ? durationMs(planned.timeout) : 0;
      if (intentMs === 0 || ms > timeoutMs + gateGraceMs) await store.rows(freeGate, [id, runner]);
    }
  }

  /** Signs the end of the chain, if it has grown since the last time. */
  async checkpoint(): Promise<void> {
    const { store, tokens } = this.#options;
    const [end] = await store.rows<{ position: number; hash: string }>(lastPlaced);
    if (end === undefined) return;
    const signed = await tokens.signCheckpoint(end.position, end.hash);
    await store.orm
      .insert(checkpoints)
      .values({ ...signed, at: new Date() })
      .onConflictDoNothing();
  }

  async #projects(): Promise<{ name: string }[]> {
    return this.#options.store.orm
      .select({ name: projects.name })
      .from(projects)
      .where(ne(projects.name, '*'));
  }

  #lineTx: LineTx = async (project, work) => {
    const { store, chainer } = this.#options;
    const { result, count } = await store.transaction(async (tx) => {
      await enter(tx, { project, exclusive: true });
      const done = await work(tx);
      appendEvents(tx, done.events);
      return { result: done.result, count: done.events.length };
    });
    if (count > 0) chainer.wake();
    return result;
  };

  #ports() {
    const { git, at, store } = this.#options;
    return {
      git,
      session: store,
      lineTx: this.#lineTx,
      owner: this.#owner,
      gatesOf: (change: ChangeRow) => this.#gatesOf(change),
      titleOf: (change: ChangeRow) => this.#titleOf(change),
      ...(at === undefined ? {} : { at }),
    };
  }

  async #gatesOf(change: ChangeRow): Promise<NamedGate[]> {
    const { store } = this.#options;
    const plan = await readPlan(store, change.project);
    const [task] = await store.orm
      .select({ id: tasks.id, project: tasks.project, gates: tasks.gates })
      .from(tasks)
      .where(and(eq(tasks.project, change.project), eq(tasks.id, change.task)));
    return (task?.gates ?? []).flatMap((name) => {
      const gate = plan?.gates[name];
      return gate === undefined ? [] : [{ name, gate }];
    });
  }

  async #titleOf(change: ChangeRow): Promise<string> {
    const [task] = await this.#options.store.orm
      .select({ title: tasks.title })
      .from(tasks)
      .where(and(eq(tasks.project, change.project), eq(tasks.id, change.task)));
    return task?.title ?? change.task;
  }

  async #landAll(project: string): Promise<void> {
    const started = performance.now();
    for (let tries = 0; tries < 1000 && !this.#closed; tries++) {
      const outcome = await landOne(this.#ports(), project);
      if (outcome === 'nothing') return;
      if (outcome === 'landed') await this.#landed(project, started);
      if (outcome === 'rebuilt') void this.#fillGates(project);
      // Another gateway is landing, or main moved in between: the next tick looks again.
      if (outcome === 'again') return;
    }
  }

  async #landed(project: string, started: number): Promise<void> {
    const { store, git, metrics, log } = this.#options;
    metrics.landed((performance.now() - started) / 1000);
    const [row] = await store.orm
      .select({ upstream: projects.upstream })
      .from(projects)
      .where(eq(projects.name, project));
    if (row?.upstream === null || row?.upstream === undefined) return;
    // The landing stands whether or not the mirror follows; a divergence is an event that people see.
    await git.mirrorAfterLanding(project, row.upstream).catch(async (error: unknown) => {
      log.warn({ err: error, project }, 'mirror');
      await this.#lineTx(project, async () => ({ result: undefined, events: [diverged(project, error)] }));
    });
  }

  async #fillGates(project: string): Promise<void> {
    try {
      while (!this.#closed && this.#gates.size < this.#options.gatesAtOnceMax) {
        const [gate] = await this.#options.store.rows<WaitingGate>(takeGate, [project, this.#owner]);
        if (gate === undefined) return;
        const run = this.#runGate(gate).catch((error: unknown) =>
          this.#options.log.error({ err: error, gate: gate.gate }, 'gate'),
        );
        this.#gates.add(run);
        void run.finally(() => {
          this.#gates.delete(run);
          void this.#fillGates(project);
        });
      }
    } catch (error) {
      this.#options.log.error({ err: error, project }, 'gates');
    }
  }

  async #runGate(waiting: WaitingGate): Promise<void> {
    const { store, git, metrics } = this.#options;
    const plan = await readPlan(store, waiting.project);
    const gate = plan?.gates[waiting.gate];
    if (gate === undefined || !('run' in gate))
      return this.#fail(waiting, `gate ${waiting.gate} is no longer a command of the plan`);
    const folder = await mkdtemp(join(tmpdir(), 'andon-gate-'));
    try {
      await git.checkout(waiting.project, waiting.candidate, join(folder, 'tree'));
      const { sandbox, hidden } = this.#options;
      const result = await runGate({
        folder,
        command: gate.run,
        timeoutMs: durationMs(gate.timeout),
        sandbox,
        hidden,
        abort: this.#abort.signal,
      });
      if (this.#abort.signal.aborted) return;
      metrics.gateEnded(result.passed, result.ms / 1000);
      await this.#lineTx(waiting.project, async (tx) => ({
        result: undefined,
        events: await finishGate(tx, waiting, this.#owner, result),
      }));
    } catch (error) {
      await this.#fail(waiting, error instanceof Error ? error.message : String(error));
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
    this.wake(waiting.project);
  }

  async #fail(waiting: WaitingGate, output: string): Promise<void> {
    const result = { passed: false, exitCode: null, ms: 0, output, sandboxed: false };
    await this.#lineTx(waiting.project, async (tx) => ({
      result: undefined,
      events: await finishGate(tx, waiting, this.#owner, result),
    }));
  }

  async #expire(project: string): Promise<void> {
    await this.#lineTx(project, async (tx) => {
      const expired = await expireLeases(tx, project);
      return {
        result: undefined,
        events: expired.map(({ id, epoch, holder }) => ({
          ...gatewayEvent(project, 'lease.expired', `task/${id}`),
          data: { epoch, holder },
        })),
      };
    });
  }

  async #returnBudgets(): Promise<void> {
    const { store, chainer } = this.#options;
    const returned = await store.transaction(async (tx) => {
      const rows = await returnBudgets(tx);
      appendEvents(
        tx,
        rows.map(({ gid, project, parent, leftBudget }) => ({
          ...gatewayEvent(project, 'grant.returned', `grant/${gid}`),
          data: { parent, budget: leftBudget },
        })),
      );
      return rows.length;
    });
    if (returned > 0) chainer.wake();
  }

  /** Ends running gates, waits for landings that have begun. Gates that were cut short run again elsewhere. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#abort.abort();
    await Promise.allSettled([...this.#gates, ...this.#landing.values()]);
    await this.#options.store.rows(freeGatesOfOwner, [this.#owner]).catch(() => []);
  }
}

const freeGatesOfOwner = statement(
  'gates.freeOwn',
  `update gate_runs set status = 'waiting', runner = null, started_at = null where status = 'running' and runner = $1`,
);

const gatewayEvent = (project: string, type: EventDraft['type'], subject: string): EventDraft => ({
  id: newId('event'),
  project,
  type,
  actor: 'gateway',
  subject,
});

const diverged = (project: string, error: unknown): EventDraft => ({
  ...gatewayEvent(project, 'sync.diverged', `project/${project}`),
  data: { found: error instanceof Error ? error.message : String(error) },
});

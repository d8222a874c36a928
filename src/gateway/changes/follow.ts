import { eq } from 'drizzle-orm';
import type { Logger } from 'pino';
import { followTips } from '../../changes/merges.ts';
import { clearSyncStop, syncStop } from '../../changes/sync-stop.ts';
import {
  carryOutSync,
  intendSync,
  isMainHeld,
  openSync,
  readSync,
  type SyncPorts,
} from '../../changes/syncs.ts';
import type { AndonError } from '../../lib/errors.ts';
import { pull } from '../../stops/rows.ts';
import { type EventDraft, event, gatewayEvent } from '../../store/log/events.ts';
import type { Store, Tx } from '../../store/store.ts';
import { planAt } from '../../tasks/plan-cache.ts';
import { projects } from '../../tasks/schema.ts';
import { LogOnce } from '../log-once.ts';
import type { Repositories } from '../repositories/repositories.ts';

interface FollowedUpstream {
  readonly url: string;
  readonly settingBy: string | null;
}

/** The outcome of a look: the intended sync, or that main has more than the upstream. */
interface UpstreamLook {
  readonly sync?: string;
  readonly isAhead?: boolean;
}

/** Services of the follower. */
interface FollowerOptions {
  readonly git: Repositories;
  readonly store: Store;
  readonly log: Logger;
  /** Milliseconds for which a fetch counts. */
  readonly upstreamFreshMs: number;
}

/** Takes what colleagues push to the upstreams of projects that follow theirs: forward only, under the rules of a landing. */
export class UpstreamFollower {
  readonly #git: Repositories;
  readonly #store: Store;
  readonly #ports: SyncPorts;
  readonly #errors: LogOnce;
  readonly #freshMs: number;
  /** Time of the last fetch of each project. */
  readonly #fetchedMs = new Map<string, number>();

  constructor(ports: SyncPorts, { git, store, log, upstreamFreshMs }: FollowerOptions) {
    this.#ports = ports;
    this.#git = git;
    this.#store = store;
    this.#errors = new LogOnce(log);
    this.#freshMs = upstreamFreshMs;
  }

  /** Follows the upstream, unless it was asked a moment ago. An upstream that cannot be reached proves nothing. Never rejects. */
  async follow(project: string): Promise<void> {
    const lastMs = this.#fetchedMs.get(project) ?? Number.NEGATIVE_INFINITY;
    if (performance.now() - lastMs < this.#freshMs) return;
    try {
      const followed = await this.#followed(project);
      if (followed === undefined) return;
      this.#fetchedMs.set(project, performance.now());
      const tip = await this.#git.fetchUpstream(project, followed.url);
      this.#ports.at?.('sync-fetched');
      await this.#take(project, tip, followed);
    } catch (error) {
      this.#errors.error(error, { project }, 'upstream');
    }
  }

  /** Both tips in words, after a push that the upstream did not take; those of the error where it cannot be asked. */
  async apart(project: string, url: string, error: AndonError): Promise<string> {
    const fetched = this.#git.fetchUpstream(project, url);
    const found = await fetched.then((tip) => this.#git.compareUpstream(project, tip)).catch(() => undefined);
    return found?.kind === 'diverged' ? found.words : String(error.reasons[0].found ?? error.message);
  }

  async #followed(project: string): Promise<FollowedUpstream | undefined> {
    const [row] = await this.#store.orm
      .select({ url: projects.upstream, follows: projects.follows, settingBy: projects.followsBy })
      .from(projects)
      .where(eq(projects.name, project));
    return row?.follows === true && row.url !== null ? { url: row.url, settingBy: row.settingBy } : undefined;
  }

  /** Writes the intent under the project's lock, unless something holds it, and carries it out; what main has more, it pushes. */
  async #take(project: string, tip: string, { url, settingBy }: FollowedUpstream): Promise<void> {
    const fence = await this.#git.fence(project);
    const look = await this.#ports.systemTransaction<UpstreamLook>(project, async (tx, { planHash }) => {
      // Another gateway is at it, or the line is stopped.
      if ((await openSync(tx, project)) !== undefined || (await isMainHeld(tx, project)))
        return { result: {}, events: [] };
      const found = await this.#git.compareUpstream(project, tip);
      const plan = await planAt(tx, project, planHash);
      const followed = await followTips(tx, this.#git.merges, project, found, plan);
      if (found.kind === 'diverged')
        return { result: {}, events: [...followed, ...(await divergedEvents(tx, project, found.words))] };
      if (found.kind !== 'forward') {
        const isAhead = found.kind === 'ahead';
        return { result: { isAhead }, events: [...followed, ...(await clearSyncStop(tx, project))] };
      }
      const { main: oldMain, tip: newMain, commits, authors } = found;
      const move = { project, oldMain, newMain, fence, commits, authors };
      const sync = await intendSync(tx, { ...move, by: { agent: 'gateway' }, settingBy });
      return { result: { sync }, events: followed };
    });
    if (look.isAhead === true) await this.#git.mirrorAfterLanding(project, url);
    const row = look.sync === undefined ? undefined : await readSync(this.#store, project, look.sync);
    if (row !== undefined) await carryOutSync(this.#ports, row);
  }
}

/** Stops the project whose upstream went another way; told once while the stop is open. */
export async function divergedEvents(tx: Tx, project: string, found: string): Promise<readonly EventDraft[]> {
  const { events } = await pull(tx, syncStop(project, found));
  if (events.length === 0) return [];
  return [gatewayEvent(project, event('sync.diverged', `project/${project}`, { found })), ...events];
}

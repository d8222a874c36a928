import type { Logger } from 'pino';
import { landMerge, type MergePorts } from '../../changes/merge-landing.ts';
import { mergeGates, renewMerge } from '../../changes/merges.ts';
import { openMerge } from '../../changes/open-merge.ts';
import { clearSyncStop } from '../../changes/sync-stop.ts';
import { isMainHeld, notePushed, unpushedMerge } from '../../changes/syncs.ts';
import type { EventDraft } from '../../store/log/events.ts';
import type { Store, Tx } from '../../store/store.ts';
import { planAt } from '../../tasks/plan-cache.ts';
import { type ChangeRow, lockChange, readProject } from '../../tasks/rows.ts';
import { LogOnce } from '../log-once.ts';
import type { Repositories } from '../repositories/repositories.ts';
import { divergedEvents } from './follow.ts';

/** Services of the worker. */
interface MergeWorkerOptions {
  readonly git: Repositories;
  readonly store: Store;
  readonly log: Logger;
  /** Milliseconds after which an upstream that did not answer is asked again. */
  readonly upstreamFreshMs: number;
}

/**
 * Brings merges of main with the upstream to an end: takes what a person pushed for one, lands what is approved, and pushes
 * what has landed. Each step is written down before the next, so any gateway goes on where another died.
 */
export class MergeWorker {
  readonly #ports: MergePorts;
  readonly #options: MergeWorkerOptions;
  readonly #errors: LogOnce;
  /** Time of the last failure of each project. */
  readonly #failedMs = new Map<string, number>();

  constructor(ports: MergePorts, options: MergeWorkerOptions) {
    this.#ports = ports;
    this.#options = options;
    this.#errors = new LogOnce(options.log);
  }

  /** Does what a merge of the project waits for. Never rejects. */
  async round(project: string): Promise<void> {
    const lastMs = this.#failedMs.get(project) ?? Number.NEGATIVE_INFINITY;
    if (performance.now() - lastMs < this.#options.upstreamFreshMs) return;
    try {
      await this.#goOn(project);
      this.#failedMs.delete(project);
    } catch (error) {
      this.#failedMs.set(project, performance.now());
      this.#errors.error(error, { project }, 'merge with the upstream');
    }
  }

  async #goOn(project: string): Promise<void> {
    const { store } = this.#options;
    const open = await openMerge(store, project);
    if (open !== undefined && (await this.#takePushed(open))) return this.#goOn(project);
    if (open?.state === 'approved') await this.#land(open);
    if ((await unpushedMerge(store, project)) !== undefined) await this.#push(project);
  }

  /** Binds the change to the merge that a person pushed for it, and empties the ref that it came by; false where none was pushed. */
  async #takePushed({ project, id }: ChangeRow): Promise<boolean> {
    const { merges } = this.#options.git;
    const pushed = await merges.pushed(project, id);
    if (pushed === undefined) return false;
    const candidate = await this.#ports.systemTransaction(project, async (tx, { planHash }) => {
      const change = await lockChange(tx, project, id);
      if (change === undefined || change.resolution === pushed.commit)
        return { result: undefined, events: [] };
      const { base: ours, commitId: theirs } = change;
      const merged = await merges.mergeTips(project, { ours, theirs, resolution: pushed.commit });
      const gates = mergeGates(await planAt(tx, project, planHash));
      const events = await renewMerge(tx, change, merged, gates, `a merge was pushed: ${pushed.commit}`);
      return { result: merged.candidate, events };
    });
    if (candidate !== undefined) await this.#options.git.keepCandidate(project, id, candidate);
    await this.#options.git.keepCandidate(project, `pushed-${id}`, pushed.commit);
    await merges.emptyRef(project, pushed);
    return true;
  }

  async #land(change: ChangeRow): Promise<void> {
    const { git, store } = this.#options;
    const { project } = change;
    if (await isMainHeld(store, project)) return;
    const url = (await readProject(store, project))?.upstream ?? undefined;
    if (url === undefined) return;
    const tip = await git.fetchUpstream(project, url);
    this.#ports.at?.('sync-fetched');
    await landMerge(this.#ports, change, tip);
  }

  /** Pushes what has landed; a fast-forward, unless the upstream has moved again: then that is told. */
  async #push(project: string): Promise<void> {
    const { git, store } = this.#options;
    const url = (await readProject(store, project))?.upstream ?? undefined;
    if (url === undefined) return this.#note(project, async () => []);
    const before = await git.compareUpstream(project, await git.fetchUpstream(project, url));
    if (before.kind === 'ahead') await git.mirrorAfterLanding(project, url);
    this.#ports.at?.('after-sync-push');
    await this.#note(project, async (tx) => {
      const cleared = await clearSyncStop(tx, project);
      if (before.kind !== 'diverged') return cleared;
      return [...cleared, ...(await divergedEvents(tx, project, before.words))];
    });
  }

  #note(project: string, events: (tx: Tx) => Promise<readonly EventDraft[]>): Promise<void> {
    return this.#ports.systemTransaction(project, async (tx) => {
      notePushed(tx, project);
      return { result: undefined, events: await events(tx) };
    });
  }
}

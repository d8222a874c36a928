import { adapters } from '../adapters/index.ts';
import { headOf, WorkFingerprint } from './fingerprint.ts';
import type { RunPlace } from './place.ts';
import type { RunOrder } from './ports.ts';
import type { Watch } from './watch.ts';

const everyMs = 2_000;

/** Looks every two seconds at what a run leaves on the disk: its work, its commit, what its program wrote of its usage. */
export class Lookout {
  readonly #place: RunPlace;
  readonly #work: WorkFingerprint;
  readonly #journal: ReturnType<NonNullable<(typeof adapters)['codex']['journal']>> | undefined;
  #lastMs = Number.NEGATIVE_INFINITY;

  constructor(place: RunPlace, adapter: RunOrder['adapter']) {
    this.#place = place;
    this.#work = new WorkFingerprint(place.tree);
    this.#journal = adapters[adapter].journal?.(place);
  }

  /** Tells the watch, when it is time. `changes` counts the calls of the gateway that changed something. */
  async look(watch: Watch, changes: number): Promise<void> {
    const nowMs = performance.now();
    if (nowMs - this.#lastMs < everyMs) return;
    this.#lastMs = nowMs;
    const head = await headOf(this.#place.tree);
    watch.saw({ work: await this.#work.read(), head, changes });
    await this.report(watch);
  }

  /** What the program has written of its usage, for the last time, too. */
  async report(watch: Watch): Promise<void> {
    if (this.#journal !== undefined) watch.heard(await this.#journal());
  }
}

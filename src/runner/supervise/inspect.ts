import { createHash } from 'node:crypto';
import { adapters } from '../adapters/index.ts';
import { readBelow } from '../live-folder.ts';
import type { RunFolder } from '../prepare/run-folder.ts';
import type { RunOrder } from '../protocol.ts';
import { headOf, WorkFingerprint } from './fingerprint.ts';
import { TestCount, type TestCountOptions } from './test-count.ts';
import type { Watch } from './watch.ts';

const everyMs = 2_000;
const artefactBytesMax = 16 * 1024 * 1024;

/** Inspects every two seconds the files that a run leaves on the disk: its work, its commit, its program's usage. */
export class Inspector {
  readonly #place: RunFolder;
  readonly #work: WorkFingerprint;
  readonly #journal: ReturnType<NonNullable<(typeof adapters)['codex']['journal']>> | undefined;
  readonly #measure: RunOrder['progress'];
  readonly #tests: TestCount | undefined;
  #lastMs = Number.NEGATIVE_INFINITY;

  constructor(
    place: RunFolder,
    { adapter, progress }: Pick<RunOrder, 'adapter' | 'progress'>,
    counting: Omit<TestCountOptions, 'measure' | 'place'>,
  ) {
    this.#place = place;
    this.#work = new WorkFingerprint(place.tree);
    this.#journal = adapters[adapter].journal?.(place);
    this.#measure = progress;
    if (progress.kind === 'tests') this.#tests = new TestCount({ ...counting, measure: progress, place });
  }

  /** Reports to the watch, when it is time. `changes` counts the calls of the gateway that changed state. */
  async look(watch: Watch, changes: number): Promise<void> {
    const nowMs = performance.now();
    if (nowMs - this.#lastMs < everyMs) return;
    this.#lastMs = nowMs;
    const head = await headOf(this.#place.tree);
    watch.saw({ work: await this.#work.read(), head, changes, artefact: await this.#artefact() });
    if (watch.wantsCount) this.#tests?.begin((failing) => watch.counted(failing));
    await this.report(watch);
  }

  /** The content of the file that measures the task, up to 16 MB; undefined when there is none. */
  async #artefact(): Promise<string | undefined> {
    if (this.#measure.kind !== 'artefact') return undefined;
    const content = await readBelow(this.#place.tree, this.#measure.path, artefactBytesMax);
    return content === undefined ? undefined : createHash('sha256').update(content).digest('base64url');
  }

  /** Ends the counting of tests; none of its processes is alive when this call settles. */
  async close(): Promise<void> {
    await this.#tests?.close();
  }

  /** Reports the usage that the program has written to files; also called a last time after its end. */
  async report(watch: Watch): Promise<void> {
    if (this.#journal !== undefined) watch.heard(await this.#journal());
  }
}

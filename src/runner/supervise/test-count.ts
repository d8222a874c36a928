import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { defined } from '../../lib/defined.ts';
import type { MachineLimits } from '../../sandbox/machine-limits.ts';
import { removeTree } from '../../sandbox/remove-tree.ts';
import { runGate, type SandboxSetting } from '../../sandbox/run-gate.ts';
import type { UserWatch } from '../../sandbox/sandbox.ts';
import type { RunFolder } from '../prepare/run-folder.ts';
import type { ProgressMeasure } from '../protocol.ts';
import { failingTests } from './failing-tests.ts';

/** The command that counts failing tests, and its containment. */
export interface TestCountOptions {
  readonly measure: Extract<ProgressMeasure, { kind: 'tests' }>;
  readonly place: RunFolder;
  readonly sandbox: SandboxSetting;
  readonly hidden: readonly string[];
  readonly searchPath: string | undefined;
  /** Variables that mark its processes, so that they are found if the runner dies. */
  readonly marks: Readonly<Record<string, string>>;
  readonly users: UserWatch;
  readonly limits: MachineLimits;
}

/**
 * Counts the failing tests of a run while it works. A command of the plan counts, not a report of the agent,
 * since a file can claim anything. The command runs as a gate does, in a separate sandbox on a copy of the
 * clone made inside it, so that it neither meets the agent's processes nor changes its files. No count runs
 * while no turn has changed a file. Counting takes at most half of the time, and a single count never more
 * than the time limit of the gate.
 */
export class TestCount {
  readonly #options: TestCountOptions;
  readonly #folder: string;
  readonly #abort = new AbortController();
  #running: Promise<void> | undefined;
  #restUntilMs = Number.NEGATIVE_INFINITY;

  constructor(options: TestCountOptions) {
    this.#options = options;
    this.#folder = `${options.place.folder}.tests`;
  }

  /** Begins to count, unless a count is running or has just ended. Calls back with the number of failing tests. */
  begin(counted: (failing: number) => void): void {
    if (this.#running !== undefined || this.#abort.signal.aborted) return;
    if (performance.now() < this.#restUntilMs) return;
    this.#running = this.#count().then((failing) => {
      this.#running = undefined;
      if (failing !== undefined) counted(failing);
    });
  }

  async #count(): Promise<number | undefined> {
    const { measure, place, sandbox, hidden, searchPath, marks, users, limits } = this.#options;
    const startedMs = performance.now();
    try {
      await mkdir(join(this.#folder, 'tree'), { recursive: true });
      const { output, exitCode } = await runGate({
        folder: this.#folder,
        command: `cp -RPp -- ${quoted(place.tree)}/. . || exit 125\n${measure.command}`,
        timeoutMs: measure.timeoutMs,
        network: measure.network,
        readable: [place.tree],
        abort: this.#abort.signal,
        ...{ sandbox, hidden, marks, users, limits },
        ...defined({ searchPath }),
      });
      return this.#abort.signal.aborted ? undefined : failingTests(output, exitCode);
    } catch {
      // A count that fails is no progress.
      return Number.POSITIVE_INFINITY;
    } finally {
      await removeTree(this.#folder);
      this.#restUntilMs = performance.now() * 2 - startedMs;
    }
  }

  /** Ends the command; none of its processes is alive when this call settles. */
  async close(): Promise<void> {
    this.#abort.abort();
    await this.#running;
  }
}

const quoted = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;

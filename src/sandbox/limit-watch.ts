import { readFile } from 'node:fs/promises';
import { DiskUse } from './disk-use.ts';
import type { MachineLimits } from './machine-limits.ts';
import { type ProcessRow, processTable, shareBytes } from './process-table.ts';
import { markName } from './reap.ts';

/** The processes and folders of a gate or run, and the limits that hold for them. */
export interface LimitWatchOf {
  readonly limits: MachineLimits;
  /** The user that belongs to the gate or run alone, if there is one: all processes of that user are counted. */
  readonly user: { readonly uid: number } | undefined;
  /** Id of the started process, and the mark that its descendants carry in their environment. */
  readonly pid: number;
  readonly mark: string;
  /** Folders that the gate or run may write to. */
  readonly folders: readonly string[];
  /** Called once when a limit was passed, with the value found and the limit in words. */
  readonly passed: (words: string) => void;
}

const everyMs = 1_000;

/**
 * Measures every second the share of the machine that a gate or run takes, and reports once when it is over a
 * limit.
 */
export class LimitWatch {
  readonly #of: LimitWatchOf;
  readonly #disk: DiskUse;
  /** Processes that once bore the mark: a program may clear its environment. */
  readonly #known = new Set<string>();
  #timer: NodeJS.Timeout | undefined;
  #ended = false;

  constructor(of: LimitWatchOf) {
    this.#of = of;
    this.#disk = new DiskUse(of.folders, of.limits.diskBytes);
    this.#next();
  }

  #next(): void {
    if (this.#ended) return;
    // The next look makes good for a failed one, for want of descriptors say.
    const look = () => this.#look().catch(() => undefined);
    this.#timer = setTimeout(() => void look().then(() => this.#next()), everyMs);
    this.#timer.unref();
  }

  async #look(): Promise<void> {
    const words = (await this.#counted()) ?? (await this.#written(false));
    if (words !== undefined) this.#tell(words);
  }

  #tell(words: string): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#of.passed(words);
  }

  async #counted(): Promise<string | undefined> {
    const { processes, memoryBytes } = this.#of.limits;
    const own = await this.#own();
    if (own.length > processes) return passed('processes', String(own.length), String(processes));
    const bytes = await memoryOf(own, memoryBytes);
    return bytes > memoryBytes ? passed('memory', size(bytes), size(memoryBytes)) : undefined;
  }

  async #written(isLast: boolean): Promise<string | undefined> {
    const { diskBytes } = this.#of.limits;
    const bytes = await this.#disk.read(isLast);
    return bytes > diskBytes ? passed('disk', size(bytes), size(diskBytes)) : undefined;
  }

  async #own(): Promise<ProcessRow[]> {
    const rows = processTable();
    const { user } = this.#of;
    if (user !== undefined) return rows.filter(({ uid }) => uid === user.uid);
    await this.#learn(rows);
    const own = new Map(rows.filter((row) => this.#isKnown(row)).map((row) => [row.pid, row]));
    // Adds children of known processes, and their children: rows are ordered by number, and numbers begin
    // again.
    for (let before = -1; before !== own.size; ) {
      before = own.size;
      for (const row of rows) if (own.has(row.parent)) own.set(row.pid, row);
    }
    for (const row of own.values()) this.#known.add(nameOf(row));
    return [...own.values()];
  }

  #isKnown(row: ProcessRow): boolean {
    return row.pid === this.#of.pid || this.#known.has(nameOf(row));
  }

  async #learn(rows: readonly ProcessRow[]): Promise<void> {
    const here = process.getuid?.();
    const strange = rows.filter((row) => row.uid === here && !this.#isKnown(row));
    await Promise.all(
      strange.map(async (row) => {
        const text = await readFile(`/proc/${row.pid}/environ`, 'latin1').catch(() => '');
        if (text.split('\0').includes(`${markName}=${this.#of.mark}`)) this.#known.add(nameOf(row));
      }),
    );
  }

  /** Ends the watch; answers the limit that was passed at the very end, unless one was reported before. */
  async close(): Promise<string | undefined> {
    clearTimeout(this.#timer);
    if (this.#ended) return undefined;
    this.#ended = true;
    return this.#written(true);
  }
}

/**
 * Sums memory precisely. The sum that is cheap to read counts pages of forked processes twice, so a value
 * over the limit is measured again; and twice, because processes that end between two readings leave their
 * share of a page to those that are read next.
 */
async function memoryOf(rows: readonly ProcessRow[], most: number): Promise<number> {
  const rough = rows.reduce((sum, { ownBytes }) => sum + ownBytes, 0);
  if (rough <= most) return rough;
  const exact = await exactly(rows);
  return exact <= most ? exact : Math.min(exact, await exactly(rows));
}

async function exactly(rows: readonly ProcessRow[]): Promise<number> {
  const shares = await Promise.all(rows.map(async (row) => (await shareBytes(row.pid)) ?? row.ownBytes));
  return shares.reduce((sum, bytes) => sum + bytes, 0);
}

const nameOf = ({ pid, begun }: ProcessRow): string => `${pid} ${begun}`;

const size = (bytes: number): string =>
  bytes < 1e9 ? `${Math.ceil(bytes / 1e6)}MB` : `${Math.ceil(bytes / 1e8) / 10}GB`;

const passed = (limit: string, found: string, most: string): string =>
  `limits.machine.${limit}: found ${found}, limit ${most}`;

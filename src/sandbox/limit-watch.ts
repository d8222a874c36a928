import { readFile } from 'node:fs/promises';
import { DiskUse } from './disk-use.ts';
import type { MachineLimits } from './machine-limits.ts';
import { type ProcessRow, processTable, shareBytes } from './process-table.ts';
import { markName } from './reap.ts';

export interface LimitWatchOf {
  readonly limits: MachineLimits;
  /** The user that is the gate's or run's alone, if it has one: all processes of that user are counted. */
  readonly user: { readonly uid: number } | undefined;
  /** The process that was started, and the mark that everything below carries in its environment. */
  readonly pid: number;
  readonly mark: string;
  /** The folders that may be written to. */
  readonly folders: readonly string[];
  /** Hears once which limit was passed, what was found and what the limit is. */
  readonly passed: (words: string) => void;
}

const everyMs = 1_000;

/** Looks every second at what a gate or run takes of the machine, and says once when that is too much. */
export class LimitWatch {
  readonly #of: LimitWatchOf;
  readonly #disk: DiskUse;
  /** Processes that bore the mark once: a program may clear its environment. */
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
    // A look that fails, for want of descriptors say, is made good by the next.
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
    // Children of what is known, and theirs: rows are by number, and numbers begin again.
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

  /** Ends the watch; answers what was found too large at the very end, where that was not told before. */
  async close(): Promise<string | undefined> {
    clearTimeout(this.#timer);
    if (this.#ended) return undefined;
    this.#ended = true;
    return this.#written(true);
  }
}

/**
 * The sum that is cheap to read counts pages of forked processes twice, so what passes the limit is looked at again; twice, for
 * processes that end between two of these readings leave their share of a page to those that are read next.
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

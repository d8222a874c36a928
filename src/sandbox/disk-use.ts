import { execFile } from 'node:child_process';
import { statfs } from 'node:fs/promises';

/** Time between two counts of a folder while the disk shows no growth. */
const restMs = 60_000;
/** Counting costs at most this share of the time. */
const shareMost = 0.2;

/**
 * Tells the size of some folders of a run without reading all of them every second: they are counted again
 * when the disk has lost enough room to make a difference, every minute, and at the end.
 */
export class DiskUse {
  readonly #folders: readonly string[];
  readonly #bytesMost: number;
  #bytes = 0;
  #freeBytes: Promise<number>;
  #countedMs = performance.now();
  #tookMs = 0;

  constructor(folders: readonly string[], bytesMost: number) {
    this.#folders = folders;
    this.#bytesMost = bytesMost;
    this.#freeBytes = freeOf(folders[0] ?? '/');
  }

  /** The size of the folders in bytes, as far as known. `isLast` counts at any cost. */
  async read(isLast = false): Promise<number> {
    const freeBytes = await freeOf(this.#folders[0] ?? '/');
    const nowMs = performance.now();
    const grown = Math.max(0, (await this.#freeBytes) - freeBytes);
    if (!this.#isDue(grown, nowMs, isLast)) return this.#bytes;
    this.#bytes = await bytesIn(this.#folders);
    this.#tookMs = performance.now() - nowMs;
    this.#countedMs = nowMs;
    this.#freeBytes = Promise.resolve(freeBytes);
    return this.#bytes;
  }

  #isDue(grown: number, nowMs: number, isLast: boolean): boolean {
    const mayBeOver = this.#bytes + grown > this.#bytesMost;
    // Others write and remove on the same disk, so at the end only a count is certain.
    if (isLast) return true;
    const restedMs = nowMs - this.#countedMs;
    if (restedMs < this.#tookMs / shareMost) return false;
    return mayBeOver || restedMs > restMs;
  }
}

async function freeOf(folder: string): Promise<number> {
  const found = await statfs(folder).catch(() => undefined);
  return found === undefined ? 0 : found.bfree * found.bsize;
}

/** Counts with `du`, which walks by handle and follows no link. Unreadable entries count nothing. */
const bytesIn = (folders: readonly string[]): Promise<number> =>
  new Promise((resolve) => {
    const env = { PATH: '/usr/bin:/bin', LC_ALL: 'C' };
    execFile('du', ['-skx', '--', ...folders], { env, timeout: 60_000 }, (_error, stdout) => {
      const rows = stdout.split('\n').map((row) => Number.parseInt(row, 10));
      resolve(rows.filter(Number.isFinite).reduce((sum, kilobytes) => sum + kilobytes * 1024, 0));
    });
  });

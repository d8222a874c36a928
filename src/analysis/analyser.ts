import { limits } from '../lib/limits.ts';
import type { Measure } from '../policies/measure/unit.ts';
import { cacheKey, createMeasureCache, type MeasureCache } from './cache.ts';
import { createPool, type Pool } from './pool.ts';
import { type Asking, answered, questionOf, type SourceContent } from './source-content.ts';

/** One file to measure. */
export interface SourceFile {
  readonly path: string;
  readonly content: SourceContent;
}

/** The measure of one file, with its path and bytes. */
export type FileMeasure = { readonly path: string; readonly bytes: number } & Measure;

/** Bounds of an analyser; the defaults suit a gateway. */
export interface AnalyserOptions {
  /** Child processes at most, about 130 MB each; the second starts when the first is busy. */
  readonly processesMax?: number;
  /** Longest time to measure one file, in milliseconds of running time. */
  readonly deadlineMs?: number;
  /** Longest time of one call of `measure`, in milliseconds; files that the call does not reach are refused. */
  readonly callMsMax?: number;
  /** Files that may wait for a process, over all calls. One call has at most `processesMax` files waiting. */
  readonly queueMax?: number;
  /** Units remembered, about 300 bytes each. */
  readonly cacheUnitsMax?: number;
}

/** Measures source text in child processes that can be killed. Keep one analyser for the life of the process. */
export interface Analyser {
  /**
   * The measure of each file, in the order given. Files that are no source have no units. Every failure to
   * analyse is a refusal of its file, never a gap. After two files that killed or outlasted a process the
   * rest of the call is refused unread, so one call costs at most two deadlines. Throws `source.busy` when
   * the queue is full or the analyser closed.
   */
  measure(files: readonly SourceFile[]): Promise<FileMeasure[]>;
  /** Kills the child processes; calls under way throw `source.busy`. */
  close(): void;
}

const overrunsMax = 2;
const callMsDefault = 120_000;
// A batch holds a process for some twenty milliseconds, in which other calls wait for it.
const batchFilesMax = 16;
const batchBytesMax = 64 * 1024;

/** Creates an analyser; its first child process starts with the first file. */
export function createAnalyser(options: AnalyserOptions = {}): Analyser {
  const { processesMax = 2, callMsMax = callMsDefault } = options;
  const { deadlineMs = limits.analysisMsMax, queueMax = 256, cacheUnitsMax = 200_000 } = options;
  const pool = createPool({ sizeMax: processesMax, queueMax, deadlineMs });
  const cache = createMeasureCache(cacheUnitsMax);
  return {
    measure: (files) =>
      new MeasureCall(files, pool, cache, processesMax, performance.now() + callMsMax).measured(),
    close: pool.close,
  };
}

/** A file whose measure a parser has to find. */
interface Pending {
  readonly index: number;
  readonly file: SourceFile;
  readonly key: string;
  readonly asking: Asking;
}

/** One call of `measure`: its files go to the processes in batches, which spares each of them the way there and back. */
class MeasureCall {
  readonly #files: readonly SourceFile[];
  readonly #pool: Pool;
  readonly #cache: MeasureCache;
  readonly #lanes: number;
  readonly #endMs: number;
  readonly #results: FileMeasure[] = [];
  /** Files of a batch whose process died before it came to them. */
  readonly #again: number[] = [];
  #next = 0;
  #overruns = 0;

  constructor(files: readonly SourceFile[], pool: Pool, cache: MeasureCache, lanes: number, endMs: number) {
    this.#files = files;
    this.#pool = pool;
    this.#cache = cache;
    this.#lanes = lanes;
    this.#endMs = endMs;
  }

  async measured(): Promise<FileMeasure[]> {
    await Promise.all(Array.from({ length: this.#lanes }, () => this.#lane()));
    return this.#results;
  }

  async #lane(): Promise<void> {
    for (let batch = this.#batch(); batch.length > 0; batch = this.#batch()) {
      const found = await this.#pool.ask(batch.map(({ asking }) => asking.question));
      for (const [at, pending] of batch.entries()) this.#end(pending, found[at]);
    }
  }

  /** The next files that a parser has to see; those before them that need none are measured on the way. */
  #batch(): Pending[] {
    const most = Math.min(batchFilesMax, Math.ceil((this.#files.length - this.#next) / (2 * this.#lanes)));
    const batch: Pending[] = [];
    for (let bytes = 0; batch.length < Math.max(1, most) && bytes < batchBytesMax; ) {
      const index = this.#again.shift() ?? this.#next++;
      const file = this.#files[index];
      if (file === undefined) break;
      const pending = this.#begin(index, file);
      if (pending === undefined) continue;
      batch.push(pending);
      bytes += pending.asking.question.bytes.byteLength;
    }
    return batch;
  }

  #begin(index: number, file: SourceFile): Pending | undefined {
    const late = this.#unreadFault();
    const asking = late === undefined ? questionOf(file.path, file.content) : { measure: late };
    if (!('question' in asking)) {
      this.#put(index, file, asking.measure);
      return undefined;
    }
    const key = cacheKey(asking.question.kind, asking.question.bytes);
    const known = this.#cache.get(key);
    if (known === undefined) return { index, file, key, asking };
    this.#put(index, file, answered(asking, known));
    return undefined;
  }

  #end({ index, file, key, asking }: Pending, found: Measure | undefined): void {
    if (found === undefined) {
      this.#again.push(index);
      return;
    }
    // An overrun may be the machine's fault, so the cache does not hold it against the file.
    if (isOverrun(found)) this.#overruns += 1;
    else this.#cache.set(key, found);
    this.#put(index, file, answered(asking, found));
  }

  #put(index: number, { path, content }: SourceFile, found: Measure): void {
    this.#results[index] = { path, bytes: bytesOf(content), ...found };
  }

  #unreadFault(): Measure | undefined {
    if (this.#overruns < overrunsMax && performance.now() < this.#endMs) return undefined;
    return { refusal: { code: 'source.timeout', found: unreadFound } };
  }
}

function bytesOf(content: SourceContent): number {
  if (typeof content === 'string') return Buffer.byteLength(content);
  return 'sizeBytes' in content ? content.sizeBytes : content.byteLength;
}

const isOverrun = (found: Measure): boolean =>
  'refusal' in found && (found.refusal.code === 'source.timeout' || found.refusal.code === 'source.crash');

/** The `found` of a refusal for a file that was not read. */
export const unreadFound = 'not analysed';

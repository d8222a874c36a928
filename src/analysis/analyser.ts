import { limits } from '../lib/limits.ts';
import {
  languageWithout,
  mayBeProgram,
  mayHoldSource,
  type SourceKind,
  sourceKind,
} from '../policies/measure/source-kind.ts';
import type { FileRefusal, Measure } from '../policies/measure/unit.ts';
import { cacheKey, createMeasureCache } from './cache.ts';
import { createPool } from './pool.ts';

/** A file that was not read because it is too large to be analysed. */
export interface Oversize {
  readonly sizeBytes: number;
}

/** The content of a file to measure: bytes, text, or the size of a file that was not read. */
export type SourceContent = Uint8Array | string | Oversize;

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

/** Creates an analyser; its first child process starts with the first file. */
export function createAnalyser(options: AnalyserOptions = {}): Analyser {
  const { processesMax = 2, callMsMax = callMsDefault } = options;
  const { deadlineMs = limits.analysisMsMax, queueMax = 256, cacheUnitsMax = 200_000 } = options;
  const pool = createPool({ sizeMax: processesMax, queueMax, deadlineMs });
  const cache = createMeasureCache(cacheUnitsMax);

  const ask = async (kind: SourceKind | 'unnamed', bytes: Uint8Array): Promise<Measure> => {
    const key = cacheKey(kind, bytes);
    const known = cache.get(key);
    if (known !== undefined) return known;
    const found = await pool.ask({ kind, bytes });
    // An overrun may be the machine's fault, so the cache does not hold it against the file.
    if (!isOverrun(found)) cache.set(key, found);
    return found;
  };

  const measure = async (files: readonly SourceFile[]): Promise<FileMeasure[]> => {
    const results: FileMeasure[] = [];
    const rest = files.entries();
    const endMs = performance.now() + callMsMax;
    let overruns = 0;
    const lane = async (): Promise<void> => {
      for (const [index, { path, content }] of rest) {
        const unread = unreadFault(overruns, endMs);
        const found = unread ?? (await measureOne(path, content, ask));
        if (unread === undefined && isOverrun(found)) overruns += 1;
        results[index] = { path, bytes: bytesOf(content), ...found };
      }
    };
    await Promise.all(Array.from({ length: processesMax }, lane));
    return results;
  };
  return { measure, close: pool.close };
}

function bytesOf(content: SourceContent): number {
  if (typeof content === 'string') return Buffer.byteLength(content);
  return 'sizeBytes' in content ? content.sizeBytes : content.byteLength;
}

async function measureOne(path: string, content: SourceContent, ask: Ask): Promise<Measure> {
  if (typeof content === 'object' && 'sizeBytes' in content) return unreadMeasure(path, content.sizeBytes);
  const bytes = typeof content === 'string' ? new TextEncoder().encode(content) : content;
  const head = headOf(bytes);
  const named = sourceKind(path, head);
  if (named !== undefined) return measureNamed(path, bytes, named, ask);
  const found = await measureUnnamed(path, bytes, ask);
  const unmeasured = languageWithout(path, head);
  return unmeasured === undefined || !isNothing(found) ? found : { units: [], unmeasured };
}

const measureNamed = async (path: string, bytes: Uint8Array, kind: SourceKind, ask: Ask): Promise<Measure> =>
  bytes.byteLength > limits.analysisBytesMax ? unreadMeasure(path, bytes.byteLength) : ask(kind, bytes);

type Ask = (kind: SourceKind | 'unnamed', bytes: Uint8Array) => Promise<Measure>;

// A file of another name above the limit of one file is data.
const measureUnnamed = async (path: string, bytes: Uint8Array, ask: Ask): Promise<Measure> =>
  isUnnamed(path, bytes) && bytes.byteLength <= limits.sourceBytesMax ? ask('unnamed', bytes) : { units: [] };

const isNothing = (found: Measure): boolean => 'units' in found && found.units.length === 0;

/** True for a file that may be a program by its content, while its name leaves that open. */
const isUnnamed = (path: string, bytes: Uint8Array): boolean =>
  mayHoldSource(path) &&
  mayBeProgram(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1'));

/** True when the content of a file must be read: its name marks it as a program, or leaves that open. */
export function isCandidate(path: string, bytes: Uint8Array): boolean {
  const head = headOf(bytes);
  const isNamed = sourceKind(path, head) !== undefined || languageWithout(path, head) !== undefined;
  return isNamed || isUnnamed(path, bytes);
}

/**
 * A file of another name above the limit of one file is data; a file that other files of its change left no
 * room for is unknown.
 */
function unreadMeasure(path: string, sizeBytes: number): Measure {
  const unmeasured = languageWithout(path);
  if (unmeasured !== undefined) return { units: [], unmeasured };
  return sourceKind(path) !== undefined || (mayHoldSource(path) && sizeBytes <= limits.sourceBytesMax)
    ? { refusal: sizeRefusal(sizeBytes) }
    : { units: [] };
}

const headBytes = 256;
const headOf = (bytes: Uint8Array): string => new TextDecoder('latin1').decode(bytes.subarray(0, headBytes));

const sizeRefusal = (sizeBytes: number): FileRefusal => ({
  code: 'source.size',
  found: `${sizeBytes} bytes`,
  limit: `${limits.analysisBytesMax} bytes`,
});

const isOverrun = (found: Measure): boolean =>
  'refusal' in found && (found.refusal.code === 'source.timeout' || found.refusal.code === 'source.crash');

/** The `found` of a refusal for a file that was not read. */
export const unreadFound = 'not analysed';

function unreadFault(overruns: number, endMs: number): Measure | undefined {
  if (overruns < overrunsMax && performance.now() < endMs) return undefined;
  return { refusal: { code: 'source.timeout', found: unreadFound } };
}

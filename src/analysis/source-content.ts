import { limits } from '../lib/limits.ts';
import { languageWithout, mayBeProgram, mayHoldSource, sourceKind } from '../policies/measure/source-kind.ts';
import type { FileRefusal, Measure } from '../policies/measure/unit.ts';
import type { SourceQuestion } from './protocol.ts';

/** A file that was not read because it is too large to be analysed. */
export interface Oversize {
  readonly sizeBytes: number;
}

/** The content of a file to measure: bytes, text, or the size of a file that was not read. */
export type SourceContent = Uint8Array | string | Oversize;

/** A file that a parser has to see. */
export interface Asking {
  readonly question: SourceQuestion;
  /** The language of the file as its name tells it, for a file in which the parser finds nothing. */
  readonly unmeasured?: string | undefined;
}

/** The measure of a file that no parser has to see, or the question that it puts to the parser. */
export type MeasureOrQuestion = { readonly measure: Measure } | Asking;

/** The question that a file puts to the parser. Files that are no source, or too large, put none. */
export function questionOf(path: string, content: SourceContent): MeasureOrQuestion {
  if (typeof content === 'object' && 'sizeBytes' in content) return unread(path, content.sizeBytes);
  const bytes = typeof content === 'string' ? new TextEncoder().encode(content) : content;
  const head = headOf(bytes);
  const kind = sourceKind(path, head);
  if (kind === undefined) return unnamedQuestion(path, head, bytes);
  if (bytes.byteLength > limits.analysisBytesMax) return unread(path, bytes.byteLength);
  return { question: { kind, bytes } };
}

// A file of another name above the limit of one file is data.
function unnamedQuestion(path: string, head: string, bytes: Uint8Array): MeasureOrQuestion {
  const unmeasured = languageWithout(path, head);
  if (isUnnamed(path, bytes) && bytes.byteLength <= limits.sourceBytesMax)
    return { question: { kind: 'unnamed', bytes }, unmeasured };
  return { measure: named({ units: [] }, unmeasured) };
}

/** The measure of a file whose question was answered. */
export const answered = ({ unmeasured }: Asking, found: Measure): Measure =>
  'units' in found && found.units.length === 0 ? named(found, unmeasured) : found;

const named = (found: Measure, unmeasured: string | undefined): Measure =>
  unmeasured === undefined ? found : { units: [], unmeasured };

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
function unread(path: string, sizeBytes: number): MeasureOrQuestion {
  const unmeasured = languageWithout(path);
  if (unmeasured !== undefined) return { measure: { units: [], unmeasured } };
  return sourceKind(path) !== undefined || (mayHoldSource(path) && sizeBytes <= limits.sourceBytesMax)
    ? { measure: { refusal: sizeRefusal(sizeBytes) } }
    : { measure: { units: [] } };
}

const headBytes = 256;
const headOf = (bytes: Uint8Array): string => new TextDecoder('latin1').decode(bytes.subarray(0, headBytes));

const sizeRefusal = (sizeBytes: number): FileRefusal => ({
  code: 'source.size',
  found: `${sizeBytes} bytes`,
  limit: `${limits.analysisBytesMax} bytes`,
});

import type { SourceKind } from '../policies/measure/source-kind.ts';
import type { Measure } from '../policies/measure/unit.ts';

/** Descriptor of the socket on which the parser and the parent of its process speak. */
export const parserFd = 3;
/** Longest message, in bytes: the worst text that is measured meets the bounds of time and memory before. */
export const messageBytesMax = 256 * 1024 * 1024;

/** A question to the analyser's child process: one file. Each message is a batch of them, answered in its order. */
export interface SourceQuestion {
  /** `unnamed`: the content tells what the file is. */
  readonly kind: SourceKind | 'unnamed';
  readonly bytes: Uint8Array;
}

/** A message of the child process: one when the parser is loaded, then an answer to each question. */
export type AnalyserMessage = { readonly ready: true } | { readonly answer: Measure };

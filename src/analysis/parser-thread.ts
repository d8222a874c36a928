import { createHash } from 'node:crypto';
import { parentPort } from 'node:worker_threads';
import { measureC } from '../policies/measure/c-family/measure-c.ts';
import { measureTree } from '../policies/measure/grammar/measure-tree.ts';
import { measure, measureUnnamed } from '../policies/measure/measure.ts';
import { isScript } from '../policies/measure/source-kind.ts';
import type { Measure } from '../policies/measure/unit.ts';
import { loadGrammar } from './grammar-loader.ts';
import type { AnalyserMessage, SourceQuestion } from './protocol.ts';

// The thread of the child process that parses. Errors of the parser are not caught: a parser that has
// overflowed its stack may keep state of the file, so the whole process ends and the next file meets a fresh
// one.

const utf8 = new TextDecoder('utf-8', { fatal: true });
const digest = (text: string): string => createHash('sha256').update(text).digest('base64');

async function answer({ kind, bytes }: SourceQuestion): Promise<Measure> {
  // A runtime also reads bytes that are not UTF-8: they may stand in a comment.
  if (kind === 'unnamed') return measureUnnamed(new TextDecoder().decode(bytes), digest);
  let text: string;
  try {
    text = utf8.decode(bytes);
  } catch {
    return { refusal: { code: 'source.unreadable', found: 'bytes that are not UTF-8' } };
  }
  if (kind === 'c') return measureC(text, digest);
  return isScript(kind) ? measure(text, kind, digest) : measureTree(text, await loadGrammar(kind), digest);
}

const send = (message: AnalyserMessage): void => parentPort?.postMessage(message);

parentPort?.on('message', (question: SourceQuestion) => {
  answer(question).then(
    (found) => send({ answer: found }),
    // Thrown outside of the promise, the error ends the thread with its message.
    (error: unknown) =>
      setImmediate(() => {
        throw error;
      }),
  );
});
// The first use of the parser compiles it; this call does so before the first deadline runs.
measure('export const a = (b = 1) => b ?? 2;', 'ts', digest);
send({ ready: true });

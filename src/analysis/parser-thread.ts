import { hash } from 'node:crypto';
import { Socket } from 'node:net';
import { measureC } from '../policies/measure/c-family/measure-c.ts';
import { measureTree } from '../policies/measure/grammar/measure-tree.ts';
import { measure, measureUnnamed } from '../policies/measure/measure.ts';
import { isScript } from '../policies/measure/source-kind.ts';
import type { Measure } from '../policies/measure/unit.ts';
import { hearFrames, sendFrame } from './frames.ts';
import { loadGrammar } from './grammar-loader.ts';
import { type AnalyserMessage, messageBytesMax, parserFd, type SourceQuestion } from './protocol.ts';

// The thread of the child process that parses. Errors of the parser are not caught: a parser that has
// overflowed its stack may keep state of the file, so the whole process ends and the next file meets a fresh
// one.

const utf8 = new TextDecoder('utf-8', { fatal: true });
const digest = (text: string): string => hash('sha256', text, 'base64');

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

const parent = new Socket({ fd: parserFd, readable: true, writable: true });
const send = (message: AnalyserMessage): Promise<void> => sendFrame(parent, message);

/** Answers in order: the parent has each answer before the next file can hold the thread. */
async function answerAll(questions: readonly SourceQuestion[]): Promise<void> {
  for (const question of questions) await send({ answer: await answer(question) });
}

// Thrown outside of a promise, an error ends the thread with its message.
const end = (error: unknown): NodeJS.Immediate =>
  setImmediate(() => {
    throw error;
  });

parent.on('error', end);
hearFrames(
  parent,
  messageBytesMax,
  (questions) => answerAll(questions as readonly SourceQuestion[]).catch(end),
  end,
);
// The first use of the parser compiles it; this call does so before the first deadline runs.
measure('export const a = (b = 1) => b ?? 2;', 'ts', digest);
void send({ ready: true });

import { type ChildProcess, fork } from 'node:child_process';
import type { Socket } from 'node:net';
import { defined } from '../lib/defined.ts';
import { fail } from '../lib/errors.ts';
import type { Measure } from '../policies/measure/unit.ts';
import { processEntry } from '../process/entry.ts';
import { hearFrames, sendFrame } from './frames.ts';
import { type AnalyserMessage, messageBytesMax, parserFd, type SourceQuestion } from './protocol.ts';
import { afterRunning } from './running-time.ts';

/** The reason that a process answers no more: an exceeded deadline, or its death. */
export type Fault = { readonly timedOut: true } | { readonly died: string };

/** The answers to the first questions of a batch; to all of them unless there is a fault, which is the next question's. */
export interface Ending {
  readonly answers: readonly Measure[];
  readonly fault?: Fault;
}

/** One child process with the parser loaded. Takes one batch at a time, and none after its death. */
export interface Resident {
  readonly pid: number | undefined;
  readonly isAlive: () => boolean;
  /** Never rejects. A question over `deadlineMs` of running time, counted from the answer before, kills the process. */
  ask(questions: readonly SourceQuestion[], deadlineMs: number): Promise<Ending>;
  kill(): void;
}

const startMsMax = 60_000;
const stderrCharsMax = 2_000;

/** Starts a child process and waits until its parser is loaded. Throws `internal` when it cannot be started. */
export async function startResident(): Promise<Resident> {
  const child = spawnChild();
  const parser = parserOf(child);
  const { messages, fault } = await parser.hear(1, startMsMax);
  if (messages.length === 0) {
    child.kill('SIGKILL');
    const found = fault !== undefined && 'died' in fault ? fault.died : `no answer within ${startMsMax} ms`;
    throw fail('internal', 'start of the analyser', { found });
  }
  hold(child, false);
  return {
    pid: child.pid,
    isAlive: () => isAlive(child),
    ask: asker(child, parser),
    kill: () => child.kill('SIGKILL'),
  };
}

function spawnChild(): ChildProcess {
  const { file, execArgv } = processEntry('analysis/child');
  return fork(file, [], {
    execArgv,
    // The child reads strangers' code: its environment holds nothing of Andon's.
    env: {},
    // By the channel the child learns that we are gone; its parser speaks on the socket.
    stdio: ['ignore', 'ignore', 'pipe', 'pipe', 'ipc'],
  });
}

function asker(child: ChildProcess, parser: Parser): Resident['ask'] {
  return async (questions, deadlineMs) => {
    if (!isAlive(child)) return { answers: [], fault: { died: 'before it was asked' } };
    hold(child, true);
    const heard = parser.hear(questions.length, deadlineMs);
    parser.send(questions);
    const { messages, fault } = await heard;
    hold(child, false);
    if (fault !== undefined) child.kill('SIGKILL');
    const answers = messages.flatMap((one) => ('answer' in one ? [one.answer] : []));
    return { answers, ...defined({ fault }) };
  };
}

interface Heard {
  readonly messages: readonly AnalyserMessage[];
  readonly fault?: Fault;
}

/** The parser of a child process, on its socket. */
interface Parser {
  send(questions: readonly SourceQuestion[]): void;
  /** The next `count` messages, each within `deadlineMs` of the one before. */
  hear(count: number, deadlineMs: number): Promise<Heard>;
}

const socketOf = (child: ChildProcess): Socket => child.stdio[parserFd] as Socket;

function parserOf(child: ChildProcess): Parser {
  const stderr = tail(child);
  const socket = socketOf(child);
  let onMessage: ((message: AnalyserMessage) => void) | undefined;
  let onFault: ((found: string) => void) | undefined;
  // The death of the child is told by the child itself.
  socket.on('error', () => {});
  hearFrames(
    socket,
    messageBytesMax,
    (message) => onMessage?.(message as AnalyserMessage),
    (found) => {
      child.kill('SIGKILL');
      onFault?.(found);
    },
  );
  const hear: Parser['hear'] = (count, deadlineMs) =>
    new Promise((resolve) => {
      const messages: AnalyserMessage[] = [];
      const clock = (): (() => void) => afterRunning(deadlineMs, () => end({ timedOut: true }));
      let callOff = clock();
      const end = (fault?: Fault): void => {
        callOff();
        onMessage = undefined;
        onFault = undefined;
        child.off('close', onClose).off('error', onError);
        resolve({ messages, ...defined({ fault }) });
      };
      onFault = (found) => end({ died: found });
      onMessage = (message) => {
        messages.push(message);
        callOff();
        if (messages.length === count) end();
        else callOff = clock();
      };
      const onClose = (code: number | null, signal: string | null): void =>
        end({ died: stderr() || `exit ${signal ?? code}` });
      const onError = (error: Error): void => end({ died: error.message });
      child.on('close', onClose).on('error', onError);
    });
  return { send: (questions) => void sendFrame(socket, questions), hear };
}

const isAlive = (child: ChildProcess): boolean =>
  child.connected && child.exitCode === null && child.signalCode === null && !child.killed;

// An idle child keeps no process alive; a busy one does.
function hold(child: ChildProcess, isHeld: boolean): void {
  const handles = [child, child.channel, child.stderr, socketOf(child)] as (
    | { ref?(): void; unref?(): void }
    | null
    | undefined
  )[];
  for (const handle of handles) {
    if (isHeld) handle?.ref?.();
    else handle?.unref?.();
  }
}

function tail(child: ChildProcess): () => string {
  let text = '';
  child.stderr?.setEncoding('utf8').on('data', (more: string) => {
    text = (text + more).slice(-stderrCharsMax);
  });
  // A child that dies while it is idle is replaced at the next question.
  child.on('error', () => {});
  return () => text.trim();
}

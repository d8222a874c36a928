import { type ChildProcess, fork } from 'node:child_process';
import { fail } from '../lib/errors.ts';
import type { Measure } from '../policies/measure/unit.ts';
import { processEntry } from '../process/entry.ts';
import type { AnalyserMessage, SourceQuestion } from './protocol.ts';
import { afterRunning } from './running-time.ts';

/** The end of one question: an answer, an exceeded deadline, or the death of the process. */
export type Ending = { readonly answer: Measure } | { readonly timedOut: true } | { readonly died: string };

/** One child process with the parser loaded. Takes one question at a time, and none after its death. */
export interface Resident {
  readonly pid: number | undefined;
  readonly isAlive: () => boolean;
  /** Never rejects. A question over `deadlineMs` of running time kills the process. */
  ask(question: SourceQuestion, deadlineMs: number): Promise<Ending>;
  kill(): void;
}

const startMsMax = 60_000;
const stderrCharsMax = 2_000;

/** Starts a child process and waits until its parser is loaded. Throws `internal` when it cannot be started. */
export async function startResident(): Promise<Resident> {
  const child = spawnChild();
  const stderr = tail(child);
  const started = await next(child, startMsMax, stderr);
  if (!('message' in started)) {
    child.kill('SIGKILL');
    const found = 'died' in started ? started.died : `no answer within ${startMsMax} ms`;
    throw fail('internal', 'start of the analyser', { found });
  }
  hold(child, false);
  return {
    pid: child.pid,
    isAlive: () => isAlive(child),
    ask: asker(child, stderr),
    kill: () => child.kill('SIGKILL'),
  };
}

function spawnChild(): ChildProcess {
  const { file, execArgv } = processEntry('analysis/child');
  return fork(file, [], {
    execArgv,
    // The child reads strangers' code: its environment holds nothing of Andon's.
    env: {},
    serialization: 'advanced',
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  });
}

function asker(child: ChildProcess, stderr: () => string): Resident['ask'] {
  return async (question, deadlineMs) => {
    if (!isAlive(child)) return { died: 'before it was asked' };
    hold(child, true);
    const ending = next(child, deadlineMs, stderr);
    child.send(question, () => {});
    const got = await ending;
    hold(child, false);
    if ('timedOut' in got) child.kill('SIGKILL');
    if (!('message' in got)) return got;
    return 'answer' in got.message ? { answer: got.message.answer } : { died: 'spoke out of turn' };
  };
}

type Next = { readonly message: AnalyserMessage } | { readonly timedOut: true } | { readonly died: string };

function next(child: ChildProcess, deadlineMs: number, stderr: () => string): Promise<Next> {
  return new Promise((resolve) => {
    const end = (result: Next): void => {
      callOff();
      child.off('message', onMessage).off('close', onClose).off('error', onError);
      resolve(result);
    };
    const onMessage = (message: AnalyserMessage): void => end({ message });
    const onClose = (code: number | null, signal: string | null): void =>
      end({ died: stderr() || `exit ${signal ?? code}` });
    const onError = (error: Error): void => end({ died: error.message });
    const callOff = afterRunning(deadlineMs, () => end({ timedOut: true }));
    child.on('message', onMessage).on('close', onClose).on('error', onError);
  });
}

const isAlive = (child: ChildProcess): boolean =>
  child.connected && child.exitCode === null && child.signalCode === null && !child.killed;

// An idle child keeps no process alive; a busy one does.
function hold(child: ChildProcess, isHeld: boolean): void {
  const handles = [child, child.channel, child.stderr] as (
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

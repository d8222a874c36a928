import type { Measure } from '../policies/measure/unit.ts';
import type { SourceQuestion } from './protocol.ts';
import { type Ending, type Fault, type Resident, startResident } from './resident.ts';
import { createSemaphore } from './semaphore.ts';

/** Puts batches of questions to up to `sizeMax` residents, in order, and replaces residents that die. */
export interface Pool {
  /**
   * Answers with a measure for each question, which may be a refusal; with fewer of them, at least one, when the
   * resident ended before it came to the rest. Throws `source.busy` when the queue is full or the pool closed.
   */
  ask(questions: readonly SourceQuestion[]): Promise<Measure[]>;
  /** Kills every resident; questions under way and waiting throw `source.busy`. */
  close(): void;
}

/** Bounds of a pool: residents, waiting batches, and milliseconds for one question. */
export interface PoolOptions {
  readonly sizeMax: number;
  readonly queueMax: number;
  readonly deadlineMs: number;
  /** Starts a resident, in place of `startResident`. */
  readonly start?: () => Promise<Resident>;
}

/** Creates a pool without residents; each starts when a batch finds no idle one. */
export function createPool({ sizeMax, queueMax, deadlineMs, start = startResident }: PoolOptions): Pool {
  const semaphore = createSemaphore(sizeMax, queueMax);
  const idle: Resident[] = [];
  const all = new Set<Resident>();

  const resident = async (): Promise<Resident> => {
    semaphore.assertOpen();
    for (let one = idle.pop(); one !== undefined; one = idle.pop()) {
      if (one.isAlive()) return one;
      all.delete(one);
    }
    const fresh = await start();
    all.add(fresh);
    // The pool closed while the resident started, so `close` could not kill it.
    if (semaphore.isClosed()) fresh.kill();
    semaphore.assertOpen();
    return fresh;
  };
  const once = async (questions: readonly SourceQuestion[]): Promise<Ending> => {
    const one = await resident();
    const ending = await one.ask(questions, deadlineMs);
    if (ending.fault === undefined) idle.push(one);
    else all.delete(one);
    return ending;
  };

  return {
    async ask(questions) {
      await semaphore.enter();
      try {
        const ending = await once(questions);
        // A process can die of another cause than the file; a second death is the file's.
        return measuresOf(isDead(ending) ? await once(questions) : ending, deadlineMs);
      } finally {
        semaphore.leave();
      }
    },
    close() {
      semaphore.close();
      for (const one of all) one.kill();
    },
  };
}

/** True for a process that died at the first question. */
const isDead = ({ answers, fault }: Ending): boolean =>
  answers.length === 0 && fault !== undefined && 'died' in fault;

function measuresOf(ending: Ending, deadlineMs: number): Measure[] {
  const { answers, fault } = ending;
  const isOver = isDead(ending) || (fault !== undefined && 'timedOut' in fault);
  return isOver && fault !== undefined ? [...answers, refusalOf(fault, deadlineMs)] : [...answers];
}

function refusalOf(fault: Fault, deadlineMs: number): Measure {
  if ('died' in fault) return { refusal: { code: 'source.crash', found: fault.died } };
  const limit = `${deadlineMs} ms`;
  return { refusal: { code: 'source.timeout', found: `no answer within ${limit}`, limit } };
}

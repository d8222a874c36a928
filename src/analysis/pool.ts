import type { Measure } from '../policies/measure/unit.ts';
import type { SourceQuestion } from './protocol.ts';
import { type Ending, type Resident, startResident } from './resident.ts';
import { createSemaphore } from './semaphore.ts';

/** Puts questions to up to `sizeMax` residents, in order, and replaces residents that die. */
export interface Pool {
  /**
   * Answers with the measure, which may be a refusal. Throws `source.busy` when the queue is full or the pool
   * closed.
   */
  ask(question: SourceQuestion): Promise<Measure>;
  /** Kills every resident; questions under way and waiting throw `source.busy`. */
  close(): void;
}

/** Bounds of a pool: residents, waiting questions, and milliseconds for one question. */
export interface PoolOptions {
  readonly sizeMax: number;
  readonly queueMax: number;
  readonly deadlineMs: number;
  /** Starts a resident, in place of `startResident`. */
  readonly start?: () => Promise<Resident>;
}

/** Creates a pool without residents; each starts when a question finds no idle one. */
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
  const once = async (question: SourceQuestion): Promise<Ending> => {
    const one = await resident();
    const ending = await one.ask(question, deadlineMs);
    if ('answer' in ending) idle.push(one);
    else all.delete(one);
    return ending;
  };

  return {
    async ask(question) {
      await semaphore.enter();
      try {
        const ending = await once(question);
        // A process can die of another cause than the file; a second death is the file's.
        return measureOf('died' in ending ? await once(question) : ending, deadlineMs);
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

function measureOf(ending: Ending, deadlineMs: number): Measure {
  if ('answer' in ending) return ending.answer;
  const limit = `${deadlineMs} ms`;
  if ('timedOut' in ending) {
    return { refusal: { code: 'source.timeout', found: `no answer within ${limit}`, limit } };
  }
  return { refusal: { code: 'source.crash', found: ending.died } };
}

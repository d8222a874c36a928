import type { Measure } from '../policies/measure/unit.ts';
import type { SourceQuestion } from './protocol.ts';
import { type Ending, type Resident, startResident } from './resident.ts';
import { createSemaphore } from './semaphore.ts';

/** Asks questions of up to `sizeMax` residents, in order, and replaces those that die. */
export interface Pool {
  /** A refusal is an answer. Throws `source.busy` when the queue is full or the pool closed. */
  ask(question: SourceQuestion): Promise<Measure>;
  /** Kills every resident; questions under way and waiting throw `source.busy`. */
  close(): void;
}

export interface PoolOptions {
  readonly sizeMax: number;
  readonly queueMax: number;
  readonly deadlineMs: number;
  /** What starts a resident, if not `startResident`. */
  readonly start?: () => Promise<Resident>;
}

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
    // Closed while it started: `close` did not know it.
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
        // A process can die of something else than the file; twice is the file.
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

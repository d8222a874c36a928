import { fail } from '../lib/errors.ts';
import type { Measure } from '../policies/measure/unit.ts';
import type { Question } from './protocol.ts';
import { type Ending, type Resident, startResident } from './resident.ts';

/** Asks questions of up to `sizeMax` residents, in order, and replaces those that die. */
export interface Pool {
  /** A refusal is an answer. Throws `source.busy` when the queue is full or the pool closed. */
  ask(question: Question): Promise<Measure>;
  close(): void;
}

export interface PoolOptions {
  readonly sizeMax: number;
  readonly queueMax: number;
  readonly deadlineMs: number;
}

export function createPool({ sizeMax, queueMax, deadlineMs }: PoolOptions): Pool {
  const idle: Resident[] = [];
  const all = new Set<Resident>();
  const waiting: (() => void)[] = [];
  let taken = 0;
  let isClosed = false;

  const assertOpen = (): void => {
    if (isClosed) throw fail('source.busy', 'analyser', { found: 'closed' });
  };
  const enter = async (): Promise<void> => {
    assertOpen();
    if (taken < sizeMax) {
      taken += 1;
      return;
    }
    if (waiting.length >= queueMax) {
      throw fail('source.busy', 'analyser', { found: `${waiting.length} waiting`, limit: queueMax });
    }
    await new Promise<void>((resolve) => waiting.push(resolve));
    assertOpen();
  };
  // The place is handed on, so that nobody who comes later overtakes.
  const leave = (): void => {
    const first = waiting.shift();
    if (first === undefined) taken -= 1;
    else first();
  };
  const resident = async (): Promise<Resident> => {
    for (let one = idle.pop(); one !== undefined; one = idle.pop()) {
      if (one.isAlive()) return one;
      all.delete(one);
    }
    const fresh = await startResident();
    all.add(fresh);
    if (isClosed) fresh.kill();
    assertOpen();
    return fresh;
  };
  const once = async (question: Question): Promise<Ending> => {
    const one = await resident();
    const ending = await one.ask(question, deadlineMs);
    if ('answer' in ending) idle.push(one);
    else all.delete(one);
    assertOpen();
    return ending;
  };

  return {
    async ask(question) {
      await enter();
      try {
        const ending = await once(question);
        // A process can die of something else than the file; twice is the file.
        return measureOf('died' in ending ? await once(question) : ending, deadlineMs);
      } finally {
        leave();
      }
    },
    close() {
      isClosed = true;
      for (const one of all) one.kill();
      for (const resume of waiting.splice(0)) resume();
    },
  };
}

function measureOf(ending: Ending, deadlineMs: number): Measure {
  if ('answer' in ending) return ending.answer;
  if ('timedOut' in ending) {
    return {
      refusal: {
        code: 'source.timeout',
        found: `no answer within ${deadlineMs} ms`,
        limit: `${deadlineMs} ms`,
      },
    };
  }
  return { refusal: { code: 'source.crash', found: ending.died } };
}

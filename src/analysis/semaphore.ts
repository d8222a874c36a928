import { fail } from '../lib/errors.ts';

/** A fixed number of places and a bounded queue for them, first come first served. */
export interface Semaphore {
  /** Waits for a place. Throws `source.busy` when the queue is full or the places are closed. */
  enter(): Promise<void>;
  leave(): void;
  /** Throws `source.busy` once closed. */
  assertOpen(): void;
  isClosed(): boolean;
  close(): void;
}

/** Creates `sizeMax` free places with an empty queue of at most `queueMax` waiters. */
export function createSemaphore(sizeMax: number, queueMax: number): Semaphore {
  const waiting: (() => void)[] = [];
  let taken = 0;
  let isClosed = false;
  const assertOpen = (): void => {
    if (isClosed) throw fail('source.busy', 'analyser', { found: 'closed' });
  };
  return {
    assertOpen,
    isClosed: () => isClosed,
    async enter() {
      assertOpen();
      if (taken < sizeMax) {
        taken += 1;
        return;
      }
      if (waiting.length >= queueMax) {
        throw fail('source.busy', 'analyser', { found: `${waiting.length} waiting`, limit: queueMax });
      }
      await new Promise<void>((resolve) => waiting.push(resolve));
    },
    leave() {
      // Handing the place to the first waiter keeps later ones from overtaking.
      const first = waiting.shift();
      if (first === undefined) taken -= 1;
      else first();
    },
    close() {
      isClosed = true;
    },
  };
}

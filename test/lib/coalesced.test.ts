import { describe, expect, it } from 'vitest';
import { Coalesced } from '../../src/lib/coalesced.ts';

/** Runs that end one by one, when they are told to. */
function stepped() {
  const ends: ((error?: Error) => void)[] = [];
  const failures: unknown[] = [];
  const run = (): Promise<void> =>
    new Promise((resolve, reject) => {
      ends.push((error) => (error === undefined ? resolve() : reject(error)));
    });
  const coalesced = new Coalesced(run, (error) => void failures.push(error));
  /** Ends the latest run, and lets the next one begin. */
  const end = async (error?: Error): Promise<void> => {
    const { running } = coalesced;
    ends.at(-1)?.(error);
    await running;
  };
  return { coalesced, failures, end, begun: () => ends.length };
}

describe('what runs once more if asked meanwhile', () => {
  it('runs at once when nothing runs, and tells that it does', async () => {
    const { coalesced, begun, end } = stepped();
    expect(coalesced.running).toBeUndefined();
    const asked = coalesced.ask();
    expect([begun(), coalesced.running]).toEqual([1, asked]);
    await end();
    expect([begun(), coalesced.running]).toEqual([1, undefined]);
  });

  it('never runs twice at a time, and makes one run of all that was asked for meanwhile', async () => {
    const { coalesced, begun, end } = stepped();
    const first = coalesced.ask();
    expect([coalesced.ask(), coalesced.ask(), coalesced.ask()]).toEqual([first, first, first]);
    expect(begun()).toBe(1);
    await end();
    expect(begun()).toBe(2);
    await end();
    expect([begun(), coalesced.running]).toEqual([2, undefined]);
  });

  it('runs once more for what was asked for during the second run too', async () => {
    const { coalesced, begun, end } = stepped();
    void coalesced.ask();
    void coalesced.ask();
    await end();
    void coalesced.ask();
    await end();
    expect(begun()).toBe(3);
  });

  it('tells of a run that fails, rejects nobody, and runs what was asked for meanwhile', async () => {
    const { coalesced, begun, end, failures } = stepped();
    const asked = coalesced.ask();
    void coalesced.ask();
    const error = new Error('no store');
    await end(error);
    await expect(asked).resolves.toBeUndefined();
    expect([failures, begun()]).toEqual([[error], 2]);
  });

  it('waits at its end for the run that is under way, and begins none any more', async () => {
    const { coalesced, begun, end } = stepped();
    void coalesced.ask();
    void coalesced.ask();
    let isClosed = false;
    const closing = coalesced.close().then(() => {
      isClosed = true;
    });
    await Promise.resolve();
    expect([isClosed, coalesced.isClosed]).toEqual([false, true]);
    await end();
    await closing;
    await coalesced.ask();
    expect([begun(), coalesced.running]).toEqual([1, undefined]);
  });
});

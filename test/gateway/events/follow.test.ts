import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { follow } from '../../../src/gateway/events/follow.ts';
import type { ChainedEvent } from '../../../src/store/log/chain.ts';
import { appendEvents, draftOf, event } from '../../../src/store/log/events.ts';
import { chainOnce } from '../../../src/store/log/sequencer.ts';
import type { Statement, Store } from '../../../src/store/store.ts';
import { openTestStore } from '../../support/engines.ts';

type Hear = (events: readonly ChainedEvent[]) => void;

describe('following the log', () => {
  let store: Store;
  let readings: number;
  let counted: Store;
  /** Carried out between the reading of a page and its arrival. */
  let between: () => Promise<void>;
  let listeners: Set<Hear>;
  let feed: { position: number; hear(listener: Hear): () => void };
  let end: AbortController;
  beforeEach(async () => {
    store = await openTestStore('pglite');
    readings = 0;
    between = async () => {};
    counted = new Proxy(store, {
      get: (target, member) => {
        if (member !== 'rows') return Reflect.get(target, member);
        return async (asked: Statement, params?: readonly unknown[]) => {
          readings += 1;
          const rows = await target.rows(asked, params);
          await between();
          return rows;
        };
      },
    });
    listeners = new Set();
    feed = {
      position: 0,
      hear: (listener) => {
        listeners.add(listener);
        return () => listeners.delete(listener);
      },
    };
    end = new AbortController();
  });
  afterEach(async () => {
    end.abort();
    await store.close();
  });

  /** Writes and sequences events; answers them, told to nobody. */
  async function written(count: number, project = 'p'): Promise<readonly ChainedEvent[]> {
    const drafts = Array.from({ length: count }, () =>
      draftOf({ project, actor: 'a' }, event('task.claimed', 'task/x', { epoch: 1, leaseMs: 1 })),
    );
    await store.transaction(async (tx) => appendEvents(tx, drafts));
    const found: ChainedEvent[] = [];
    await chainOnce(store, 10_000, (those) => found.push(...those));
    return found;
  }

  function tell(events: readonly ChainedEvent[]): void {
    feed.position = events.at(-1)?.position ?? feed.position;
    for (const listener of listeners) listener(events);
  }

  const following = (from: number, project: string | null = 'p') =>
    follow({ store: counted, feed, project, from, signal: end.signal });

  async function next(stream: AsyncGenerator<ChainedEvent>, count: number): Promise<number[]> {
    const found: number[] = [];
    while (found.length < count) {
      const { value, done } = await stream.next();
      if (done === true) break;
      found.push(value.position);
    }
    return found;
  }

  it('reads what was before from the log, and what comes from the feed, each once and in order', async () => {
    tell(await written(3));
    const stream = following(1);
    expect(await next(stream, 2)).toEqual([2, 3]);
    const before = readings;
    const coming = next(stream, 2);
    tell(await written(2));
    expect(await coming).toEqual([4, 5]);
    expect(readings).toBe(before);
  });

  it('loses nothing and repeats nothing of what is told while the log is read', async () => {
    tell(await written(2));
    between = async () => {
      between = async () => {};
      tell(await written(2));
    };
    expect(await next(following(0), 4)).toEqual([1, 2, 3, 4]);
  });

  it('lets a slow reader read the log itself, and loses nothing of it', async () => {
    const stream = following(0);
    const first = next(stream, 1);
    tell(await written(1));
    expect(await first).toEqual([1]);
    tell(await written(1_500));
    tell(await written(1));
    const all = await next(stream, 1_501);
    expect(all).toEqual(Array.from({ length: 1_501 }, (_, n) => n + 2));
    expect(readings).toBeGreaterThan(0);
  });

  it('tells of its project alone, or of all', async () => {
    const one = following(0);
    const all = following(0, null);
    const both = [next(one, 1), next(all, 3)];
    const others = await written(2, 'other');
    tell(others);
    tell(await written(1));
    expect(await Promise.all(both)).toEqual([[3], [1, 2, 3]]);
  });

  it('waits behind a position that the feed has not come to, and is silent when it ends', async () => {
    const stream = following(2);
    const coming = next(stream, 1);
    tell(await written(3));
    expect(await coming).toEqual([3]);
    const last = stream.next();
    end.abort();
    expect((await last).done).toBe(true);
    expect(listeners.size).toBe(0);
  });
});

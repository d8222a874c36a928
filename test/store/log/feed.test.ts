import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ChainedEvent } from '../../../src/store/log/chain.ts';
import { appendEvents, draftOf, event } from '../../../src/store/log/events.ts';
import { Feed } from '../../../src/store/log/feed.ts';
import { chainOnce } from '../../../src/store/log/sequencer.ts';
import type { Statement, Store } from '../../../src/store/store.ts';
import { engines, openTestStore } from '../../support/engines.ts';
import { stopFor } from '../../support/stop-for.ts';
import { waitUntil } from '../../support/wait.ts';

/**
 * A store that counts and may hold readings of the log, calls in between, may report their beginning, and
 * passes no notification on.
 */
function watched(store: Store) {
  const log = {
    readings: 0,
    between: () => {},
    beginsAt: undefined as number | undefined,
    held: Promise.resolve(),
  };
  const silent: Store = {
    engine: store.engine,
    get orm() {
      return store.orm;
    },
    rows: async <R>(asked: Statement, params?: readonly unknown[]) => {
      if (asked.name === 'events.latest' && log.beginsAt !== undefined)
        return [{ position: log.beginsAt }] as R[];
      if (asked.name !== 'events.after') return store.rows<R>(asked, params);
      log.readings++;
      await log.held;
      const rows = await store.rows<R>(asked, params);
      log.between();
      return rows;
    },
    transaction: (work) => store.transaction(work),
    listen: () => Promise.resolve(() => Promise.resolve()),
    close: () => store.close(),
  };
  return { silent, log };
}

describe.each(engines)('the feed of events, on %s', (engine) => {
  let store: Store;
  let feed: Feed;
  let log: ReturnType<typeof watched>['log'];
  let heard: number[];
  beforeEach(async () => {
    store = await openTestStore(engine);
    const { silent, log: counted } = watched(store);
    log = counted;
    feed = new Feed(silent);
    heard = [];
    feed.hear((events) => heard.push(...events.map(({ position }) => position)));
  });
  afterEach(async () => {
    await feed.close();
    await store.close();
  });

  const append = (count: number): Promise<void> =>
    store.transaction(async (tx) =>
      appendEvents(
        tx,
        Array.from({ length: count }, () =>
          draftOf({ project: 'p', actor: 'a' }, event('task.claimed', 'task/x', { epoch: 1, leaseMs: 1 })),
        ),
      ),
    );
  /** Appends events and sequences them; answers the events that a sequencer would hand over. */
  async function sequenced(count: number): Promise<readonly ChainedEvent[]> {
    await append(count);
    let events: readonly ChainedEvent[] = [];
    await chainOnce(store, 1000, (those) => {
      events = those;
    });
    return events;
  }

  it('takes what was sequenced here without reading it', async () => {
    await feed.start();
    await waitUntil(() => log.readings > 0);
    const before = log.readings;
    feed.take(await sequenced(3));
    expect(heard).toEqual([1, 2, 3]);
    expect(feed.position).toBe(3);
    // The look of every second may come in between; it finds nothing new.
    expect(log.readings - before).toBeLessThanOrEqual(1);
    await waitUntil(() => log.readings > before);
    expect(heard).toEqual([1, 2, 3]);
  });

  it('takes nothing before it knows where it begins', async () => {
    feed.take(await sequenced(2));
    expect(heard).toEqual([]);
    await feed.start();
    expect(feed.position).toBe(2);
    expect(heard).toEqual([]);
  });

  it('reads instead of taking what leaves a gap', async () => {
    await feed.start();
    await waitUntil(() => log.readings > 0);
    await sequenced(2);
    feed.take(await sequenced(2));
    expect([[], [1, 2, 3, 4]]).toContainEqual(heard);
    await waitUntil(() => heard.length >= 4);
    expect(heard).toEqual([1, 2, 3, 4]);
  });

  it('tells nothing twice that is handed over while it is read', async () => {
    const events = await sequenced(2);
    log.beginsAt = 0;
    log.between = () => feed.take(events);
    await feed.start();
    await waitUntil(() => heard.length >= 2);
    expect(heard).toEqual([1, 2]);
  });

  it('is as old as the question, not as the answer, and asks again when that is too old', async () => {
    await waitUntil(() => feed.silentMs > 400);
    log.between = () => {
      log.between = () => {};
      stopFor(500);
    };
    await feed.freshen(400, 20_000);
    expect(log.readings).toBe(2);
    expect(feed.silentMs).toBeLessThan(400);
    await feed.freshen(20_000, 20_000);
    expect(log.readings).toBe(2);
  });

  it('waits for no log that does not answer', async () => {
    let letGo = (): void => undefined;
    log.held = new Promise((resolve) => {
      letGo = resolve;
    });
    await waitUntil(() => feed.silentMs > 10);
    await feed.freshen(10, 50);
    expect(feed.silentMs).toBeGreaterThan(50);
    letGo();
  });
});

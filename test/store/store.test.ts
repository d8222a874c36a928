import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { newId } from '../../src/process/new-id.ts';
import { genesisHash, verifyChain } from '../../src/store/log/chain.ts';
import { appendEvents, draftOf, event } from '../../src/store/log/events.ts';
import { isKnown } from '../../src/store/log/logged-event.ts';
import { chainOnce } from '../../src/store/log/sequencer.ts';
import { eventsAfter, latestPosition } from '../../src/store/log/tail.ts';
import { migrate } from '../../src/store/migrate.ts';
import { type Store, statement } from '../../src/store/store.ts';
import { engines, openTestStore, shiftClock } from '../support/engines.ts';

const sql = (text: string) => statement('', text);
const head = { project: 'p', actor: 'a' };

describe.each(engines)('the store on %s', (engine) => {
  let store: Store;
  beforeAll(async () => {
    store = await openTestStore(engine);
  });
  afterAll(() => store.close());

  it('gives bigint as number and timestamptz as Date', async () => {
    const [row] = await store.rows<{ n: number; at: Date }>(sql('select 5::bigint as n, now() as at'));
    expect(row?.n).toBe(5);
    expect(row?.at).toBeInstanceOf(Date);
  });

  it('undoes a transaction that throws', async () => {
    const doomed = store.transaction(async (tx) => {
      await tx.rows(sql("insert into projects (name, repository) values ('gone', '/nowhere')"));
      throw new Error('no');
    });
    await expect(doomed).rejects.toThrow('no');
    expect(await store.rows(sql("select 1 from projects where name = 'gone'"))).toEqual([]);
  });

  it('refuses to commit when a swallowed error had failed the transaction', async () => {
    const swallowed = store.transaction(async (tx) => {
      await tx.rows(sql("insert into projects (name, repository) values ('half', '/nowhere')"));
      await tx.rows(sql('select 1 / 0')).catch(() => {});
      return 'done';
    });
    if (engine === 'postgres') await expect(swallowed).rejects.toThrow('failed before its commit');
    else await swallowed.catch(() => {});
    expect(await store.rows(sql("select 1 from projects where name = 'half'"))).toEqual([]);
  });

  it('shifts the clock of a test database and of no other', async () => {
    const read = async () =>
      (await store.rows<{ now: Date }>(sql('select andon_now() as now')))[0]?.now.getTime() ?? 0;
    const before = await read();
    await shiftClock(store, 3_600_000);
    expect((await read()) - before).toBeGreaterThanOrEqual(3_600_000);
    await store.rows(sql("update andon_meta set purpose = 'production'"));
    await expect(shiftClock(store, 1)).rejects.toThrow('does not shift');
    await store.rows(sql("update andon_meta set purpose = 'test'"));
  });

  it('refuses a schema that is newer than this binary', async () => {
    await store.rows(sql("insert into andon_migrations (version, name) values (9999, 'future')"));
    await expect(migrate(store, { purpose: 'test', installation: 'x' })).rejects.toMatchObject({
      code: 'store.newer',
    });
    await store.rows(sql('delete from andon_migrations where version = 9999'));
  });

  it('chains committed events in order, whatever their data holds, and verifies them', async () => {
    await store.transaction(async (tx) =>
      appendEvents(
        tx,
        Array.from({ length: 20 }, (_, i) => {
          const spec = { nul: 'a\u0000b', lone: '\ud800', nested: { b: 1, a: [1.5, null, 'ü'] } };
          const said = event('trigger.created', `trigger/${i}`, { trigger: 'trg_1', source: 'call', spec });
          return draftOf(head, said, `evt_${i}`);
        }),
      ),
    );
    expect(await chainOnce(store)).toBe(20);
    expect(await chainOnce(store)).toBe(0);
    const events = await eventsAfter(store, 0, null, 100);
    expect(verifyChain(events, { position: 0, hash: genesisHash }).fault).toBeUndefined();
    const forged = events.map((event) => (event.position === 7 ? { ...event, actor: 'mallory' } : event));
    expect(verifyChain(forged, { position: 0, hash: genesisHash }).fault?.position).toBe(7);
    const dropped = events.filter((event) => event.position !== 9);
    expect(verifyChain(dropped, { position: 0, hash: genesisHash }).fault?.position).toBe(9);
  });

  it('chains, verifies and reads events of types that this version does not know', async () => {
    const before = await latestPosition(store);
    for (const [id, type] of [
      ['evt_gone', 'audit.checked'],
      ['evt_later', 'trigger.imagined'],
    ])
      await store.rows(
        sql(`insert into events (id, project, type, actor, allowed, subject, data)
          values ('${id}', 'p', '${type}', 'a', true, 's', '{"task": "cart", "rows": 3}')`),
      );
    expect(await chainOnce(store)).toBe(2);
    const all = await eventsAfter(store, 0, null, 100);
    expect(verifyChain(all, { position: 0, hash: genesisHash }).fault).toBeUndefined();
    const found = all.filter(({ position }) => position > before);
    expect(found.map(({ type }) => type)).toEqual(['audit.checked', 'trigger.imagined']);
    expect(found.map(isKnown)).toEqual([false, false]);
  });

  it.each([
    ['NUL', 'a\u0000b', 'a\ufffdb'],
    ['half a surrogate pair', 'a\ud800b', 'a\ufffdb'],
    ['the other half', 'a\udfffb', 'a\ufffdb'],
    ['what only looks like NUL', 'a\\u0000b', 'a\\u0000b'],
    ['a whole pair', 'a\ud83d\ude00b', 'a\ud83d\ude00b'],
  ])('keeps of %s in data what jsonb can hold', async (_name, given, kept) => {
    const id = newId('event');
    const draft = draftOf(head, event('token.replayed', 's', { token: given }), id);
    await store.transaction(async (tx) => appendEvents(tx, [draft]));
    await chainOnce(store);
    const found = (await eventsAfter(store, 0, null, 100)).find((event) => event.id === id);
    expect(found?.data).toEqual({ token: kept });
  });

  it('lets nobody change, move or delete an event', async () => {
    await expect(store.rows(sql("update events set actor = 'x' where position = 1"))).rejects.toThrow(
      'append-only',
    );
    await expect(store.rows(sql('update events set position = 99 where position = 1'))).rejects.toThrow(
      'append-only',
    );
    await expect(store.rows(sql('delete from events'))).rejects.toThrow('append-only');
    const waiting = draftOf(head, event('task.claimed', 's', { epoch: 1, leaseMs: 1 }), 'evt_w');
    await store.transaction(async (tx) => appendEvents(tx, [waiting]));
    // An event sequenced and changed at once, and one changed before it is sequenced.
    for (const change of ["actor = 'x', position = 99", `data = '{"a":1}'`, "request_id = 'r'"]) {
      const changed = store.rows(sql(`update events set ${change} where position is null`));
      await expect(changed).rejects.toThrow('append-only');
    }
  });
});

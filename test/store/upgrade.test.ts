import { createHash, createPublicKey } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { verifyCheckpoint } from '../../src/gateway/auth/token-service.ts';
import { auditStore } from '../../src/store/audit.ts';
import { migrate } from '../../src/store/migrate.ts';
import { schemaVersion, splitStatements } from '../../src/store/migrations/index.ts';
import { openPglite } from '../../src/store/pglite.ts';
import { openPostgres } from '../../src/store/postgres.ts';
import { type Store, statement } from '../../src/store/store.ts';
import { createEmptyDatabase, type Engine, engines, openTestStore } from '../support/engines.ts';
import { schemaOf } from '../support/schema-of.ts';

const fixtures = resolve(import.meta.dirname, '../fixtures');
const dump = readFileSync(resolve(fixtures, 'before-0.1.sql'), 'utf8');
const { keys } = JSON.parse(readFileSync(resolve(fixtures, 'before-0.1-keys.json'), 'utf8')) as {
  keys: { kid: string }[];
};
const keyOf = (kid: string) => {
  const jwk = keys.find((one) => one.kid === kid);
  return jwk === undefined ? undefined : createPublicKey({ key: { ...jwk }, format: 'jwk' });
};
const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');
const options = { purpose: 'production', installation: 'ignored' } as const;

/** A database with the dump in it, as a gateway finds it. */
async function openDumped(engine: Engine): Promise<Store> {
  if (engine === 'postgres') {
    const url = await createEmptyDatabase();
    const client = new pg.Client({ connectionString: url });
    await client.connect();
    await client.query(dump);
    await client.end();
    return openPostgres({ url });
  }
  const store = await openPglite();
  for (const part of splitStatements(dump)) await store.rows(statement('', part));
  await store.rows(statement('', 'reset all'));
  return store;
}

/** Takes a database of version 13 back to an earlier one, by what 10 to 13 had added. */
const back: Readonly<Record<number, readonly string[]>> = {
  12: ['alter table grants drop column seen'],
  11: ['alter table projects drop column protection_told'],
  10: [
    'drop trigger events_no_truncate on events',
    'drop trigger checkpoints_no_truncate on checkpoints',
    'drop trigger checkpoints_guard on checkpoints',
    'drop function andon_log_guard()',
  ],
  // Stands for those that version 10 took away.
  9: [`create function andon_gone(a text[], b int) returns int language sql as 'select 1'`],
  8: [],
};

async function takeBackTo(store: Store, version: number): Promise<void> {
  for (let to = 12; to >= version; to--)
    for (const part of back[to] ?? []) await store.rows(statement('', part));
  await store.rows(statement('', 'delete from andon_migrations where version > $1'), [version]);
}

describe.each(engines)('a database of the schema before 0.1 on %s', (engine) => {
  let fresh: Store;
  beforeAll(async () => {
    fresh = await openTestStore(engine);
  });
  afterAll(() => fresh.close());

  // All of them on one engine: a new PGlite for each costs more than the rest of the file.
  it.each(engine === 'postgres' ? [13, 12, 11, 10, 9] : [13, 9])(
    'of version %i becomes what a fresh one is, with its rows, its log unbroken',
    async (version) => {
      const store = await openDumped(engine);
      try {
        await takeBackTo(store, version);
        const rows = async () =>
          (
            await store.rows<{ n: number }>(
              statement(
                '',
                `select (select count(*) from tasks) + (select count(*) from grants) + (select count(*) from runs)
                   + (select count(*) from events) + (select count(*) from trigger_fires) as n`,
              ),
            )
          )[0]?.n ?? 0;
        const before = await rows();
        await migrate(store, options);
        await migrate(store, options);
        expect(await schemaOf(store)).toEqual(await schemaOf(fresh));
        expect(await rows()).toBe(before);
        const audit = await auditStore(store, (checkpoint) => verifyCheckpoint(checkpoint, keyOf));
        expect(audit).toMatchObject({ events: 166, unplaced: 0, checkpoints: 5, fault: null });
        const [told] = await store.rows<{ hashes: string[]; untold: string[]; version: number; who: string }>(
          statement(
            '',
            `select array(select scope_hash from tasks where id = 'cart') as hashes,
               array(select name from projects where not protection_told order by name) as untold,
               (select max(version) from andon_migrations) as version, (select installation from andon_meta) as who`,
          ),
        );
        expect(told?.hashes).toEqual([sha256('["src/cart/**"]["src/cart/pay/**"]')]);
        expect(told?.untold).toEqual(version < 12 ? ['shop', 'till'] : []);
        expect(told?.version).toBe(schemaVersion);
        expect(told?.who).not.toBe('ignored');
      } finally {
        await store.close();
      }
    },
    60_000,
  );

  it('of a version that is too old is refused with the way, and left as it was', async () => {
    const store = await openDumped(engine);
    try {
      await takeBackTo(store, 8);
      const before = await schemaOf(store);
      await expect(migrate(store, options)).rejects.toMatchObject({
        code: 'store.older',
        reasons: [{ found: 'version 8', limit: 'version 9', next: expect.stringContaining('e25a4e2') }],
      });
      expect(await schemaOf(store)).toEqual(before);
    } finally {
      await store.close();
    }
  });
});

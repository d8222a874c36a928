import { createHash, createPublicKey } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { verifyCheckpoint } from '../../src/gateway/auth/token-service.ts';
import { verifyLog } from '../../src/store/log/verify-log.ts';
import { migrate } from '../../src/store/migrate.ts';
import { schemaVersion } from '../../src/store/migrations/index.ts';
import { type Store, statement } from '../../src/store/store.ts';
import { openDumped, takeBackTo } from '../support/dumped.ts';
import { engines, openTestStore } from '../support/engines.ts';
import { schemaOf } from '../support/schema-of.ts';

const fixtures = resolve(import.meta.dirname, '../fixtures');
const { keys } = JSON.parse(readFileSync(resolve(fixtures, 'before-0.1-keys.json'), 'utf8')) as {
  keys: { kid: string }[];
};
const keyOf = (kid: string) => {
  const jwk = keys.find((one) => one.kid === kid);
  return jwk === undefined ? undefined : createPublicKey({ key: { ...jwk }, format: 'jwk' });
};
const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');
const options = { purpose: 'production', installation: 'ignored' } as const;

describe.each(engines)('a database of the schema before 0.1 on %s', (engine) => {
  let fresh: Store;
  beforeAll(async () => {
    fresh = await openTestStore(engine);
  });
  afterAll(() => fresh.close());

  // All versions on one engine: a new PGlite for each costs more than the rest of the file.
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
        const verified = await verifyLog(store, (checkpoint) => verifyCheckpoint(checkpoint, keyOf));
        expect(verified).toMatchObject({ events: 166, unsequenced: 0, checkpoints: 5, fault: null });
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
  );

  it('takes what a gateway from before writes of a task, and gives each task a class of its own that it can read', async () => {
    await fresh.rows(statement('', `insert into projects (name, repository) values ('rolling', '')`));
    const older = statement(
      '',
      `insert into tasks (project, id, title, phase, state, position, write, deny, scope_hash, claim_class, requires, gates, done)
       select 'rolling', 'older-' || n, 'T', 'build', 'ready', n, '{src/**}', '{}', 'theirs',
         andon_claim_class('build', '[]', '["src/**"]', '[]'), '{}', '{}', 'artefact' from generate_series(1, 2) n`,
    );
    await fresh.rows(older);
    await fresh.rows(
      statement(
        '',
        older.text
          .replace(' claim_class,', '')
          .replace(/andon_claim_class\(.*\), /, '')
          .replace('older-', 'newer-'),
      ),
    );
    const classes = await fresh.rows<{ id: string; claim_class: string }>(
      statement('', `select id, claim_class from tasks where project = 'rolling' order by id`),
    );
    expect(classes.map(({ id }) => id)).toEqual(['newer-1', 'newer-2', 'older-1', 'older-2']);
    expect(new Set(classes.map((row) => row.claim_class)).size).toBe(3);
  });

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

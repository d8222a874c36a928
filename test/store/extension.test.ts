import pg from 'pg';
import { expect, it } from 'vitest';
import { migrate } from '../../src/store/migrate.ts';
import { openPostgres } from '../../src/store/postgres.ts';
import { createEmptyDatabase } from '../support/engines.ts';

it('refuses a database without pg_trgm in words, and goes on once its owner has made it', async () => {
  const url = await createEmptyDatabase();
  const name = new URL(url).pathname.slice(1);
  const owner = new pg.Client({ connectionString: url });
  await owner.connect();
  const user = `limited_${name.slice(-8)}`;
  await owner.query(`create role ${user} login`);
  await owner.query(`grant all on schema public to ${user}`);
  const limited = new URL(url);
  limited.username = user;
  limited.password = '';
  const store = await openPostgres({ url: limited.href });
  const options = { purpose: 'test', installation: 'one' } as const;
  try {
    await expect(migrate(store, options)).rejects.toMatchObject({
      code: 'store.extension',
      message: expect.stringContaining('a user that may not create it'),
    });
    await owner.query('create extension pg_trgm');
    await migrate(store, options);
  } finally {
    await store.close();
    await owner.query(`reassign owned by ${user} to current_user`);
    await owner.query(`drop owned by ${user}`);
    await owner.query(`drop role ${user}`);
    await owner.end();
  }
});

import pg from 'pg';
import type { PostgresServer } from '../../support/postgres-server.ts';

/** Creates an empty database of that name on the server, in the place of an earlier one; answers its URL. */
export async function freshDatabase(server: Pick<PostgresServer, 'url'>, name: string): Promise<string> {
  const admin = new pg.Client({ connectionString: server.url });
  await admin.connect();
  await admin.query(`drop database if exists ${name} with (force)`);
  await admin.query(`create database ${name}`);
  await admin.end();
  return server.url.replace(/\/postgres$/, `/${name}`);
}

/** Gathers statistics for the planner, as PostgreSQL does by itself after a minute. */
export async function analyse(url: string): Promise<void> {
  const admin = new pg.Client({ connectionString: url });
  await admin.connect();
  await admin.query('analyze');
  await admin.end();
}

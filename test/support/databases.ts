import { randomBytes } from 'node:crypto';
import pg from 'pg';

/** Creates a database on a server, empty or a copy of another one there; answers its URL. */
export async function createDatabaseOn(server: string, template?: string): Promise<string> {
  const name = `andon_${randomBytes(6).toString('hex')}`;
  const admin = new pg.Client({ connectionString: server });
  await admin.connect();
  try {
    await admin.query(`create database ${name}${template === undefined ? '' : ` template ${template}`}`);
  } finally {
    await admin.end();
  }
  return server.replace(/\/postgres$/, `/${name}`);
}

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { migrate } from '../../src/store/migrate.ts';
import { openPglite } from '../../src/store/pglite.ts';
import { startPostgres } from './postgres-server.ts';

declare module 'vitest' {
  export interface ProvidedContext {
    postgresUrl: string;
    pgliteDump: string;
  }
}

/** One real PostgreSQL and one migrated PGlite dump for the whole run. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const folder = mkdtempSync(join(tmpdir(), 'andon-test-'));
  const server = await startPostgres(['fsync=off']);
  console.log(`engines: PGlite and ${server.version}`);
  const embedded = await openPglite();
  await migrate(embedded, { purpose: 'test', installation: 'test' });
  if (!('dump' in embedded)) throw new Error('PGlite cannot be dumped');
  const dump = await (embedded as unknown as { dump(): Promise<Blob> }).dump();
  await embedded.close();
  const file = join(folder, 'pglite.tar');
  writeFileSync(file, Buffer.from(await dump.arrayBuffer()));
  project.provide('postgresUrl', server.url);
  project.provide('pgliteDump', file);
  return async () => {
    await server.stop();
    rmSync(folder, { recursive: true, force: true });
  };
}

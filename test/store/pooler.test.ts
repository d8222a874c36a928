import { spawn } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { findProgram } from '../../src/sandbox/programs.ts';
import { openPostgres } from '../../src/store/postgres.ts';
import { createDatabase } from '../support/engines.ts';
import { startPooler } from '../support/pooler.ts';
import { waitUntil } from '../support/wait.ts';

const bouncer = findProgram('pgbouncer', `${process.env.PATH ?? ''}:/usr/sbin`);
if (bouncer === undefined)
  console.log('SKIPPED: pgbouncer is missing, the pooler of the tests stands in for it');

describe('a pooler in front of PostgreSQL', () => {
  let database: string;
  const ends: (() => unknown)[] = [];
  beforeAll(async () => {
    database = await createDatabase();
  });
  afterEach(async () => {
    for (const end of ends.splice(0)) await end();
  });

  const pooler = async (options: Parameters<typeof startPooler>[1]): Promise<string> => {
    const made = await startPooler(database, options);
    ends.push(made.close);
    return made.url;
  };
  const opened = async (url: string): Promise<number> => {
    const store = await openPostgres({ url });
    const [row] = await store.rows<{ n: number }>({ name: 'test.one', text: 'select 1::int as n' });
    await store.close();
    return row?.n ?? 0;
  };

  it('is refused when it shares sessions between transactions', async () => {
    await expect(opened(await pooler({ mode: 'transaction' }))).rejects.toMatchObject({
      code: 'store.pooled',
      message: expect.stringMatching(
        /shares sessions between transactions.*next: put the address of the server itself/,
      ),
    });
  });

  it('is refused when it leaves out the settings of a session', async () => {
    const url = await pooler({ mode: 'session', dropOptions: true });
    await expect(opened(url)).rejects.toMatchObject({
      code: 'store.pooled',
      message: expect.stringContaining('settings'),
    });
  });

  it('serves in session mode, as the server itself does', async () => {
    expect(await opened(await pooler({ mode: 'session' }))).toBe(1);
    expect(await opened(database)).toBe(1);
  });

  describe.skipIf(bouncer === undefined)('as PgBouncer', () => {
    it.each([
      ['transaction', '', /unsupported startup parameter/],
      ['transaction', 'options', /settings|shares sessions/],
      ['statement', 'options', /settings|shares sessions|statement pooling/],
    ])('is refused in mode %s, ignoring %j', async (mode, ignored, found) => {
      await expect(opened(await start(mode, ignored))).rejects.toMatchObject({
        code: 'store.pooled',
        message: expect.stringMatching(found),
      });
    });
  });

  async function start(mode: string, ignored: string): Promise<string> {
    const folder = mkdtempSync(join(tmpdir(), 'andon-bouncer-'));
    chmodSync(folder, 0o755);
    const to = new URL(database);
    const port = await new Promise<number>((done) => {
      const probe = createServer().listen(0, '127.0.0.1', () => {
        const { port: free } = probe.address() as { port: number };
        probe.close(() => done(free));
      });
    });
    const lines = [
      '[databases]',
      `* = host=${to.hostname} port=${to.port}`,
      '[pgbouncer]',
      'listen_addr = 127.0.0.1',
      `listen_port = ${port}`,
      'unix_socket_dir =',
      'auth_type = any',
      `pool_mode = ${mode}`,
      'default_pool_size = 5',
      ...(ignored === '' ? [] : [`ignore_startup_parameters = ${ignored}`]),
    ];
    // With `any` PgBouncer logs in as the user that the entry of the database names.
    const user = `user=${to.username || 'postgres'}${to.password === '' ? '' : ` password=${to.password}`}`;
    writeFileSync(join(folder, 'b.ini'), `${lines.join('\n').replace('* = ', `* = ${user} `)}\n`, {
      mode: 0o644,
    });
    const root = process.getuid?.() === 0 ? { uid: 65534, gid: 65534 } : {};
    const child = spawn(bouncer ?? '', [join(folder, 'b.ini')], { stdio: 'ignore', ...root });
    const ended = new Promise((done) => child.once('close', done));
    ends.push(async () => {
      child.kill('SIGKILL');
      await ended;
      rmSync(folder, { recursive: true, force: true });
    });
    const url = new URL(database);
    url.port = String(port);
    await waitUntil(async () => {
      const { connect } = await import('node:net');
      return new Promise<boolean>((done) => {
        const probe = connect(port, '127.0.0.1', () => {
          probe.destroy();
          done(true);
        }).on('error', () => done(false));
      });
    });
    return url.href;
  }
});

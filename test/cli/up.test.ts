import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { selfSigned } from '../support/certificate.ts';
import { type CliOptions, cleanEnvironment, cli, start, up } from '../support/cli.ts';
import { createEmptyDatabase } from '../support/engines.ts';
import { mustGit, sourceRepository } from '../support/gateway.ts';

type Refused = { readonly error: { readonly code: string; readonly reasons: { readonly found?: string }[] } };

describe('andon up', () => {
  const folder = mkdtempSync(join(tmpdir(), 'andon-up-'));
  const [cert, key] = [join(folder, 'cert.pem'), join(folder, 'key.pem')];
  let shop: string;
  let env: Record<string, string>;
  const here = (more: Record<string, string> = {}): CliOptions => ({ cwd: shop, env: { ...env, ...more } });
  const refusal = async (...args: string[]) => {
    const { exit, stdout } = await cli(['up', '--json', ...args], here());
    return { exit, error: (JSON.parse(stdout) as Refused).error };
  };

  beforeAll(() => {
    const pair = selfSigned();
    writeFileSync(cert, pair.cert);
    writeFileSync(key, pair.key, { mode: 0o600 });
  });
  beforeEach(async () => {
    shop = await sourceRepository({ 'README.md': '# shop\n' });
    env = { ...cleanEnvironment(join(folder, 'home')), DATABASE_URL: await createEmptyDatabase() };
    await cli(['init', '--project', 'shop'], here());
    return () => rmSync(shop, { recursive: true, force: true });
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('speaks to nobody in the clear outside loopback', async () => {
    const { exit, error } = await refusal('--host', '0.0.0.0');
    expect([exit, error.code]).toEqual([2, 'gateway.exposed']);
  });

  it.each([
    ['half of a pair', [cert], []],
    ['the two the wrong way round', [key], [cert]],
    ['the key of another', [cert], ['other.pem']],
  ])('refuses %s before anything is started', async (_title, certs, keys) => {
    writeFileSync(join(shop, 'other.pem'), selfSigned().key);
    const { exit, error } = await refusal(
      ...['--host', '0.0.0.0'],
      ...certs.flatMap((file) => ['--tls-cert', file]),
      ...keys.flatMap((file) => ['--tls-key', file]),
    );
    expect([exit, error.code]).toEqual([2, 'cli.usage']);
  });

  it('serves calls, the event stream and git over TLS to who trusts its certificate, and to nobody else', async () => {
    const gateway = await up(here(), '--host', '0.0.0.0', '--tls-cert', cert, '--tls-key', key);
    try {
      expect(gateway.ready.url).toMatch(/^https:\/\/127\.0\.0\.1:\d+$/);
      const trusting = here({ NODE_EXTRA_CA_CERTS: cert, GIT_SSL_CAINFO: cert });
      expect((await cli(['status'], here())).exit).toBe(9);
      expect((await cli(['status'], trusting)).exit).toBe(0);
      const followed = await cli(['event', 'follow', '--after', '0', '--count', '1', '--quiet'], trusting);
      expect([followed.exit, followed.stdout.trimEnd().split('\n').length]).toEqual([0, 1]);
      const clone = (to: string, as: CliOptions) =>
        cli(['git', 'clone', '-q', gateway.ready.git, join(folder, to)], as);
      expect((await clone('distrustful', here())).exit).not.toBe(0);
      expect(await clone('trusting', trusting)).toMatchObject({ exit: 0 });
      expect(readFileSync(join(folder, 'trusting/README.md'), 'utf8')).toBe('# shop\n');
    } finally {
      expect(await gateway.end()).toBe(0);
    }
  });

  it('lets nobody else write to what it makes, whatever the umask', async () => {
    const before = process.umask(0);
    const gateway = await up(here()).finally(() => process.umask(before));
    try {
      const made = join(shop, '.andon');
      const paths = readdirSync(made, { recursive: true, encoding: 'utf8' }).map((name) => join(made, name));
      expect(paths.length).toBeGreaterThan(20);
      expect(paths.filter((path) => (statSync(path).mode & 0o022) !== 0)).toEqual([]);
      expect((await cli(['doctor'], here())).exit).toBe(0);
    } finally {
      expect(await gateway.end()).toBe(0);
    }
  });

  it('listens for a proxy that ends TLS, under the names that it was given', async () => {
    const gateway = await up(here(), '--host', '0.0.0.0', '--behind-proxy', '--hosts', 'andon.example');
    try {
      const { port } = new URL(gateway.ready.url);
      expect(gateway.ready.url).toBe(`http://127.0.0.1:${port}`);
      expect((await cli(['status'], here())).exit).toBe(0);
      const named = async (host: string): Promise<number> => {
        const { request } = await import('node:http');
        return new Promise((answer, reject) => {
          request({ host: '127.0.0.1', port, path: '/livez', headers: { host } }, (res) => {
            res.resume();
            answer(res.statusCode ?? 0);
          })
            .once('error', reject)
            .end();
        });
      };
      expect([await named('andon.example'), await named('evil.example')]).toEqual([200, 403]);
    } finally {
      await gateway.end();
    }
  });

  it('ends in order on Ctrl-C while it starts, and starts again', async () => {
    const child = start(['up', '--json'], here());
    const ended = new Promise<number | null>((done) => child.once('close', (code) => done(code)));
    // Its first word on stderr says that it starts; the signal is there before the database.
    child.stderr?.once('data', () => child.kill('SIGINT'));
    child.stdout?.resume();
    expect(await ended).toBe(0);
    const again = await up(here());
    expect(await again.end('SIGINT')).toBe(0);
  });

  it('backs PostgreSQL up while the gateway works on it', async () => {
    const gateway = await up(here());
    try {
      const copy = join(shop, '.andon/copy');
      const [taken, status] = await Promise.all([
        cli(['backup', copy, '--json'], here()),
        cli(['status'], here()),
      ]);
      expect([taken.exit, status.exit], taken.stdout + taken.stderr).toEqual([0, 0]);
      const restored = await cli(
        [
          'restore',
          copy,
          '--data',
          join(shop, '.andon/again'),
          '--database-url',
          await createEmptyDatabase(),
        ],
        here(),
      );
      expect(restored.exit, restored.stderr).toBe(0);
      expect(await mustGit(join(shop, '.andon/again/repos/shop.git'), ['rev-parse', 'main'])).toBe(
        await mustGit(shop, ['rev-parse', 'main']),
      );
    } finally {
      await gateway.end();
    }
  });

  it('tells who asks for a second one on the same folder where the first is', async () => {
    env.DATABASE_URL = '';
    const gateway = await up(here());
    try {
      const { exit, error } = await refusal();
      expect([exit, error.code]).toEqual([6, 'store.locked']);
      expect(error.reasons[0]?.found).toContain(gateway.ready.url);
      expect((await cli(['status'], here())).exit).toBe(0);
    } finally {
      expect(await gateway.end('SIGINT')).toBe(0);
    }
  });
});

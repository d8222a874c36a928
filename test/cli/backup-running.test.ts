import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { lockFolder } from '../../src/store/pglite/folder-lock.ts';
import { answer, cleanEnvironment, cli, type Up, up } from '../support/cli.ts';
import { sourceRepository } from '../support/gateway.ts';

describe('a backup while the gateway holds PGlite', () => {
  let folder: string;
  let shop: string;
  let env: Record<string, string>;
  let gateway: Up | undefined;
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'andon-running-'));
    env = cleanEnvironment(join(folder, 'home'));
    shop = await sourceRepository({ 'README.md': '# shop\n' });
    gateway = await up({ cwd: shop, env }, '--no-runner', '--project', 'shop');
  });
  afterAll(async () => {
    await gateway?.end();
    for (const one of [folder, shop]) rmSync(one, { recursive: true, force: true });
  });

  it('is made by that gateway, as of one moment, and can be restored', async () => {
    const copy = join(folder, 'copy');
    const made = await answer<{ rows: number; repositories: string[] }>(['backup', copy], { cwd: shop, env });
    expect(made).toMatchObject({ repositories: ['shop'] });
    expect(JSON.parse(readFileSync(join(copy, 'manifest.json'), 'utf8')).format).toBe('andon-backup-1');
    expect(statSync(join(shop, '.andon/backup.sock')).mode & 0o777).toBe(0o600);
    const back = await cli(['restore', copy, '--data', join(folder, 'back')], { cwd: shop, env });
    expect([back.exit, back.stdout]).toEqual([0, expect.stringMatching(/^shop: \d+ events, unbroken/)]);
    expect((await cli(['status'], { cwd: shop, env })).exit).toBe(0);
  });

  it('is refused by it with its reason, and nothing is left', async () => {
    const { exit, stdout } = await cli(['backup', join(shop, 'README.md', 'x'), '--json'], {
      cwd: shop,
      env,
    });
    expect(exit).not.toBe(0);
    expect(stdout).not.toContain('store.locked');
    expect(existsSync(join(shop, 'README.md.new'))).toBe(false);
  });

  it('is refused in words where another process holds the folder', async () => {
    await gateway?.end();
    gateway = undefined;
    expect(existsSync(join(shop, '.andon/backup.sock'))).toBe(false);
    const release = await lockFolder(join(shop, '.andon/db.lock'));
    try {
      const { exit, stderr } = await cli(['backup', join(folder, 'none')], { cwd: shop, env });
      expect([exit, stderr]).toEqual([6, expect.stringContaining('a process that makes no backups')]);
    } finally {
      await release();
    }
  });
});

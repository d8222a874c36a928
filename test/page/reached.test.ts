import { execFileSync, spawn } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { browserPath, hasBrowser, launchBrowser, mainWithPage, openContext } from '../support/browser.ts';
import { selfSigned } from '../support/certificate.ts';
import { answer, type CliOptions, cleanEnvironment, cli, start, up } from '../support/cli.ts';
import { openTunnel } from '../support/tunnel.ts';
import { waitUntil } from '../support/wait.ts';

describe.skipIf(!hasBrowser())('the page of a gateway that andon up has started', () => {
  const folder = mkdtempSync(join(tmpdir(), 'andon-reached-'));
  const shop = join(folder, 'shop');
  const home = join(folder, 'home');
  let browser: Browser;
  let command: readonly string[];
  const here = (env: Readonly<Record<string, string>> = {}): CliOptions => ({
    ...{ cwd: shop, env: { ...cleanEnvironment(home), ...env }, command },
  });
  beforeAll(async () => {
    const main = await mainWithPage();
    browser = await launchBrowser();
    command = [process.execPath, main];
    mkdirSync(shop);
    writeFileSync(join(shop, 'README.md'), '# shop\n');
    for (const args of [
      ['init', '-qb', 'main'],
      ['add', '-A'],
      ['commit', '-qm', 'first'],
    ])
      execFileSync('git', args, { cwd: shop, env: cleanEnvironment(home) });
    expect((await cli(['init'], here())).exit).toBe(0);
  });
  afterAll(async () => {
    await browser?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  async function pullsAndClears(page: Page, why: string): Promise<void> {
    await page.locator('.fresh', { hasText: 'live' }).waitFor();
    await page.keyboard.press('.');
    await page.keyboard.type(why);
    await page.keyboard.press('Enter');
    const banner = page.locator('.banner.stop-yellow', { hasText: why });
    await banner.waitFor();
    await page.goto(new URL('/mine', page.url()).href);
    await page.getByPlaceholder('Why work may go on').fill('it was a trial');
    await page.getByRole('button', { name: 'Clear' }).click();
    await banner.waitFor({ state: 'detached' });
  }

  it('is opened in the browser here by andon up --open, with its code in no command line and no file that stays', async () => {
    const bin = join(folder, 'bin');
    mkdirSync(bin);
    // A display and an opener, as a desktop has them; the browser behind it is the real one.
    const seen = join(folder, 'seen');
    const profile = join(folder, 'profile');
    const flags = '--headless --no-sandbox --remote-debugging-port=0';
    writeFileSync(
      join(bin, 'xdg-open'),
      `#!/bin/sh\necho "$1" > ${seen}\nexec ${browserPath} ${flags} --user-data-dir=${profile} "$1" 2>/dev/null\n`,
    );
    chmodSync(join(bin, 'xdg-open'), 0o755);
    const env = { DISPLAY: ':0', PATH: `${bin}:${process.env.PATH}` };
    const child = start(['up', '--no-runner', '--open'], here(env));
    let said = '';
    for (const stream of [child.stdout, child.stderr])
      stream?.setEncoding('utf8').on('data', (text: string) => (said += text));
    const ended = new Promise((done) => child.once('close', done));
    const browserOfPerson = (): number | undefined =>
      readdirSync('/proc')
        .filter((name) => /^\d+$/.test(name))
        .map(Number)
        .find((pid) => commandLineOf(pid).includes(`--user-data-dir=${profile}`));
    try {
      await waitUntil(() => /opened http:\S+ in your browser/.test(said));
      const file = new URL(readFileSync(seen, 'utf8').trim());
      expect(file.protocol).toBe('file:');
      expect(file.hash).toBe('');
      expect(existsSync(file)).toBe(false);
      const sessions = await answer<{ id: string; readOnly: boolean }[]>(['open', '--list'], here());
      expect(sessions).toHaveLength(1);
      const { events } = await answer<{ events: { type: string; actor: string }[] }>(
        ['event', 'list', '--project', '*', '--type', 'page.opened'],
        here(),
      );
      expect(events.map(({ actor }) => actor)).toEqual(['human:owner']);
    } finally {
      const pid = browserOfPerson();
      if (pid !== undefined) process.kill(pid, 'SIGTERM');
      child.kill('SIGTERM');
      await ended;
    }
  });

  it('is the same over TLS, and its cookie never leaves TLS', async () => {
    const { cert, key } = selfSigned();
    const [certFile, keyFile] = [join(folder, 'cert.pem'), join(folder, 'key.pem')];
    writeFileSync(certFile, cert);
    writeFileSync(keyFile, key, { mode: 0o600 });
    const gateway = await up(
      here(),
      ...['--no-runner', '--host', '0.0.0.0', '--tls-cert', certFile, '--tls-key', keyFile],
    );
    const { context, page, faults } = await openContext(browser, { ignoreHTTPSErrors: true });
    try {
      const trusting = here({ NODE_EXTRA_CA_CERTS: certFile });
      const { url } = await answer<{ url: string }>(['open', '--no-browser'], trusting);
      expect(url).toMatch(/^https:/);
      await page.goto(url);
      await pullsAndClears(page, 'over TLS');
      const cookies = await context.cookies();
      expect(
        cookies.map(({ name, secure, httpOnly }) => [name.startsWith('__Host-'), secure, httpOnly]),
      ).toEqual([[true, true, true]]);
      expect(faults).toEqual([]);
    } finally {
      await context.close();
      expect(await gateway.end()).toBe(0);
    }
  });

  it('is reached through a tunnel by the origin that the person names, and by no other', async () => {
    const gateway = await up(here(), '--no-runner');
    const tunnel = await openTunnel(gateway.ready.url);
    const { context, page } = await openContext(browser);
    try {
      const { url } = await answer<{ url: string }>(
        ['open', '--no-browser', '--origin', tunnel.origin],
        here(),
      );
      expect(new URL(url).origin).toBe(tunnel.origin);
      await page.goto(url);
      await pullsAndClears(page, 'through a tunnel');
      // Without the wish the code is for the gateway's own address, and worth nothing at the end of the tunnel.
      const own = await answer<{ url: string }>(['open', '--no-browser'], here());
      const stranger = await context.newPage();
      await stranger.goto(own.url.replace(gateway.ready.url, tunnel.origin));
      await stranger.getByText('page.code').first().waitFor();
    } finally {
      await context.close();
      await tunnel.close();
      expect(await gateway.end()).toBe(0);
    }
  });

  it('is served with live reload to whoever works on it, by npm run page', async () => {
    const gateway = await up(here(), '--no-runner');
    const root = new URL('../..', import.meta.url).pathname;
    const vite = spawn(
      process.execPath,
      [join(root, 'node_modules/vite/bin/vite.js'), '--config', 'web/vite.config.ts'],
      {
        ...{ cwd: root, stdio: 'ignore' },
        env: { ...process.env, ANDON_URL: gateway.ready.url },
      },
    );
    const origin = 'http://127.0.0.1:5173';
    const { context, page } = await openContext(browser);
    try {
      await waitUntil(() =>
        fetch(origin).then(
          ({ ok }) => ok,
          () => false,
        ),
      );
      const { url } = await answer<{ url: string }>(['open', '--no-browser', '--origin', origin], here());
      await page.goto(url);
      await pullsAndClears(page, 'from its sources');
    } finally {
      await context.close();
      vite.kill('SIGTERM');
      expect(await gateway.end()).toBe(0);
    }
  });
});

/** The command line of a process; empty for one that is gone. */
function commandLineOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
  } catch {
    return '';
  }
}

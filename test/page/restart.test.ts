import { generateKeyPairSync, sign } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hasBrowser, launchBrowser, mainWithPage, openContext } from '../support/browser.ts';
import { answer, type CliOptions, cleanEnvironment, cli, type Up, up } from '../support/cli.ts';
import { createEmptyDatabase } from '../support/engines.ts';
import { sourceRepository } from '../support/gateway.ts';
import { planHead } from '../support/plan-head.ts';
import { waitUntil } from '../support/wait.ts';

const plan = `
${planHead()}
tasks:
  cart: { title: Cart, phase: build, write: ["src/cart/**"] }
  prices: { title: Prices, phase: build, write: ["src/prices/**"] }
`;
const project = 'shop';

/** A request as the listener at the port of the dead gateway got it. */
interface Got {
  readonly path: string;
  readonly method: string;
  readonly headers: IncomingMessage['headers'];
}

/** Another program at a port, that answers as a gateway does, and proves a key of its own. */
async function listenInstead(port: number): Promise<{ got: Got[]; close(): Promise<void> }> {
  const got: Got[] = [];
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  const { x } = publicKey.export({ format: 'jwk' });
  const server = createServer((req, res) => {
    const url = new URL(req.url ?? '', `http://127.0.0.1:${port}`);
    got.push({ path: url.pathname, method: req.method ?? '', headers: req.headers });
    const seconds = Math.floor(Date.now() / 1000);
    const text = `andon-page-proof 1\n${url.searchParams.get('nonce')}\n${url.origin}\n${seconds}\n`;
    const signature = sign(null, Buffer.from(text), privateKey).toString('base64url');
    res.setHeader('content-type', 'application/json').setHeader('connection', 'close');
    res.end(JSON.stringify({ key: x, seconds, signature }));
  });
  await new Promise<void>((done) => server.listen(port, '127.0.0.1', done));
  return { got, close: () => new Promise((done) => server.close(() => done())) };
}

/** Lets the page try again at once, as it does when somebody looks at it. */
const look = (page: Page): Promise<unknown> => page.evaluate("dispatchEvent(new Event('focus'))");

describe.skipIf(!hasBrowser())('the page of a gateway that is killed', () => {
  const folder = mkdtempSync(join(tmpdir(), 'andon-restart-'));
  let here: CliOptions & { readonly cwd: string };
  let browser: Browser;
  let gateway: Up;
  beforeAll(async () => {
    const cwd = await sourceRepository({ 'README.md': '# shop\n' });
    here = {
      cwd,
      env: { ...cleanEnvironment(join(folder, 'home')), DATABASE_URL: await createEmptyDatabase() },
      command: [process.execPath, await mainWithPage()],
    };
    await cli(['init', '--project', project], here);
    writeFileSync(join(cwd, 'andon.yaml'), plan);
    [browser, gateway] = await Promise.all([launchBrowser(), up(here, '--no-runner', '--port', '0')]);
  });
  afterAll(async () => {
    await browser?.close();
    await gateway?.end();
    rmSync(folder, { recursive: true, force: true });
    rmSync(here.cwd, { recursive: true, force: true });
  });

  const claim = async (agent: string, task: string): Promise<void> => {
    const file = join(folder, agent.replace(':', '-'));
    await answer(['token', 'mint', '--agent', agent, '--out', file], here);
    await answer(['task', 'claim', task], { ...here, env: { ...here.env, ANDON_TOKEN_FILE: file } });
  };

  it('sends nothing signed to whoever listens there next, and goes on without a gap when the gateway is back', async () => {
    const { context, page, faults } = await openContext(browser);
    const { url } = await answer<{ url: string }>(['open', '--no-browser'], here);
    await page.goto(url);
    await page.locator('.fresh', { hasText: 'live' }).waitFor();
    await claim('agent:one', 'cart');
    await page.locator('[data-agent="agent:one"]').waitFor();
    const { port } = new URL(url);

    await gateway.end('SIGKILL');
    await page.getByText('cut off since').waitFor();
    await page.getByText('Not the present: as of').waitFor();
    expect(await page.title()).toContain('(?)');

    const other = await listenInstead(Number(port));
    await waitUntil(async () => {
      await look(page);
      return (await page.getByText('This is not your gateway').count()) > 0;
    });
    // Somebody who acts now is told, and the call does not leave the browser.
    await page.keyboard.press('.');
    await page.keyboard.type('is anybody there');
    await page.keyboard.press('Enter');
    await page.locator('dialog .reasons', { hasText: 'not your gateway' }).waitFor();
    await page.keyboard.press('Escape');
    expect(other.got.length).toBeGreaterThan(0);
    expect(other.got.filter(({ path, method }) => path !== '/session/prove' || method !== 'GET')).toEqual([]);
    expect(other.got.filter(({ headers }) => 'andon-page' in headers)).toEqual([]);
    await other.close();

    gateway = await up(here, '--no-runner', '--port', port);
    await claim('agent:two', 'prices');
    await look(page);
    await page.locator('[data-agent="agent:two"]').waitFor();
    await page.locator('.fresh', { hasText: 'live' }).waitFor();
    await page.getByText('This is not your gateway').waitFor({ state: 'detached' });
    await expect.poll(() => page.locator('.newest li', { hasText: 'task/prices' }).count()).toBe(1);
    expect(await page.locator('.newest li', { hasText: 'task/cart' }).count()).toBe(1);
    expect(faults).toEqual([]);
    await context.close();
  });
});

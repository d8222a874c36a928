import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, BrowserContext, Page, Request, Route } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hasBrowser, launchBrowser, openContext, type Watched } from '../support/browser.ts';
import type { Line } from '../support/line.ts';
import { openPageLine, openUrl, signIn } from '../support/page-line.ts';
import { planHead } from '../support/plan-head.ts';
import { waitUntil } from '../support/wait.ts';

const plan = `
${planHead()}
tasks:
  cart: { title: Cart, phase: build, write: ["src/cart/**"] }
  prices: { title: Prices, phase: build, write: ["src/prices/**"] }
`;
const project = 'shop';
const hourMs = 3_600_000;

/** Moves the clock of a page; the page moves it on by `__skewMs`. */
const moveClock = (context: BrowserContext, ms: number): Promise<unknown> =>
  context.addInitScript((skewMs) => {
    const own = Date.now.bind(Date);
    const world = globalThis as unknown as { __skewMs: number };
    world.__skewMs = skewMs;
    Date.now = () => own() + world.__skewMs;
  }, ms);

/** A browser that refuses its database, as it does where site data are blocked. */
const blockStorage = (context: BrowserContext): Promise<unknown> =>
  context.addInitScript(() => {
    const open = (): never => {
      throw new DOMException('denied', 'SecurityError');
    };
    Object.defineProperty(globalThis, 'indexedDB', { value: { open } });
  });

const live = (page: Page) => page.locator('.fresh', { hasText: 'live' });

describe.skipIf(!hasBrowser())('a session of the page', () => {
  let browser: Browser;
  let line: Line;
  const folder = mkdtempSync(join(tmpdir(), 'andon-people-'));
  beforeAll(async () => {
    [browser, line] = await Promise.all([launchBrowser(), openPageLine({ plan })]);
    const builder = await line.mint('agent:builder-1');
    await builder.client.task.claim.mutate({ project, task: 'cart' });
  });
  afterAll(async () => {
    await browser?.close();
    await line?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const eventsOf = async (type: string) => (await line.events()).filter((one) => one.type === type);
  const stops = async () => (await line.owner.cord.status.query({ project })).stops;
  const clearAll = async (): Promise<void> => {
    for (const { id } of await stops())
      await line.owner.cord.clear.mutate({ project, stop: id, why: 'the case is over' });
  };
  /** Opens the page as another person, with a grant of their own. */
  const openAs = async (name: string): Promise<Watched & { readonly grant: string }> => {
    const { token, grant } = await line.mint(`human:${name}`, { tier: 'human' });
    const file = join(folder, name);
    writeFileSync(file, token, { mode: 0o600 });
    const watched = await openContext(browser);
    await signIn(watched.page, line, '', file);
    return { ...watched, grant };
  };

  it('is ended by its page, for every tab, and leaves no key in the browser', async () => {
    const { context, page, faults } = await openContext(browser);
    await signIn(page, line);
    const other = await context.newPage();
    await other.goto(`${line.url}/mine`);
    await live(other).waitFor();
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.getByText('The session has ended: signed out.').waitFor();
    expect(await page.locator('[data-agent], nav').count()).toBe(0);
    await other.getByText('The session has ended').waitFor();
    await waitUntil(async () => {
      const { events } = await line.owner.event.list.query({ project: '*', types: ['page.ended'] });
      return events.map(({ data }) => (data as { why?: string }).why).join() === 'signed out';
    });
    await page.reload();
    await page.getByText('andon open', { exact: true }).waitFor();
    expect(faults).toEqual([]);
    await context.close();
  });

  it.each([
    ['ahead', hourMs],
    ['behind', -hourMs],
  ])(
    'works with a clock that is an hour %s, and tells ages by the clock of the gateway',
    async (_name, skewMs) => {
      const { context, page } = await openContext(browser);
      await moveClock(context, skewMs);
      await signIn(page, line);
      const tile = page.locator('[data-agent="agent:builder-1"]');
      await tile.waitFor();
      expect(await tile.innerText()).toMatch(/claimed (?:\d+m )?\d+s ago/);
      await page.keyboard.press('.');
      await page.keyboard.type('a wrong clock');
      await page.keyboard.press('Enter');
      await page.locator('.banner.stop-yellow').waitFor();
      expect(await page.locator('.banner.stop-yellow').innerText()).toMatch(/· \d+s/);
      // Somebody sets the clock while the page asks for its facts, so that the next question is the first one by the new clock.
      const setClock = () =>
        page.evaluate(() => {
          (globalThis as unknown as { __skewMs: number }).__skewMs = 0;
        });
      const onWall = async (route: Route): Promise<void> => {
        await setClock();
        await route.continue();
      };
      await page.route(/\/page\.wall\b/, onWall, { times: 1 });
      await clearAll();
      await page.locator('.banner', { hasText: 'a wrong clock' }).waitFor({ state: 'detached' });
      await line.owner.cord.pull.mutate({ project, colour: 'yellow', why: 'by the new clock' });
      await page.locator('.banner', { hasText: 'by the new clock' }).waitFor();
      await clearAll();
      await page.locator('.banner', { hasText: 'by the new clock' }).waitFor({ state: 'detached' });
      await context.close();
    },
  );

  it('says in words that the browser stores nothing, and works until its tab is closed', async () => {
    const { context, page } = await openContext(browser);
    await blockStorage(context);
    await signIn(page, line);
    await page.getByText('This browser stores nothing for this address').waitFor();
    await page.locator('[data-agent="agent:builder-1"]').waitFor();
    await page.reload();
    await page.getByText('This browser stores nothing for this address').waitFor();
    const [code = ''] = new URL(await openUrl(line)).hash.slice(1).split('.');
    await page.getByLabel('Or type the code').fill(code);
    await page.getByRole('button', { name: 'Open', exact: true }).click();
    await page.locator('[data-agent="agent:builder-1"]').waitFor();
    await context.close();
  });

  it('shows after the back button that a stop was cleared, and clears it once', async () => {
    const { context, page } = await openContext(browser);
    const before = (await eventsOf('cord.cleared')).length;
    const { stop } = await line.owner.cord.pull.mutate({ project, colour: 'red', why: 'orders are lost' });
    await signIn(page, line, '/p/shop/cord');
    const clear = page.getByRole('button', { name: 'Clear red' });
    await page.getByLabel('Why 1').fill('the migration drops a column');
    await page.getByLabel('Evidence 1').fill('commit abc');
    await page.getByLabel('What keeps it from happening again').fill('a test of the schema');
    await clear.dblclick();
    await page.locator('.banner').waitFor({ state: 'detached' });
    await page.getByRole('link', { name: 'Changes' }).click();
    await page.getByRole('heading', { name: 'Changes of shop' }).waitFor();
    await page.goBack();
    await page.getByText('No stop is open').waitFor();
    expect(await clear.count()).toBe(0);
    // The whole document again, as after another site.
    await page.goto('about:blank');
    await page.goBack();
    await page.getByText('No stop is open').waitFor();
    expect(await clear.count()).toBe(0);
    const cleared = (await eventsOf('cord.cleared')).slice(before);
    expect(cleared.map(({ subject }) => subject)).toEqual([`stop/${stop}`]);
    await context.close();
  });

  it('shows two people who judge at once one verdict: the second sees the act of the first', async () => {
    const maker = await line.mint('agent:maker');
    const { change } = await line.offer(maker, 'prices', { 'src/prices/p.ts': 'export const p = 1;\n' });
    await line.until(change, 'judging');
    const people = await Promise.all([openAs('ada'), openAs('bob')]);
    const approve = people.map(({ page }) => page.getByRole('button', { name: /Approve/ }));
    for (const { page } of people) await page.goto(`${line.url}/p/shop/c/${change}`);
    for (const one of approve) await expect.poll(() => one.isEnabled(), { timeout: 10_000 }).toBe(true);
    await Promise.all(approve.map((one) => one.click()));
    await line.until(change, 'landed');
    expect(await eventsOf('verdict.given')).toHaveLength(1);
    for (const { page } of people) {
      await page.locator('main header', { hasText: 'landed' }).waitFor();
      await expect.poll(() => page.getByRole('button', { name: /Approve/ }).isDisabled()).toBe(true);
      expect(await page.getByLabel('Verdicts', { exact: true }).innerText()).toMatch(/(?:ada|bob) approved/);
    }
    for (const { context } of people) await context.close();
  });

  it('blanks itself when its grant is revoked, and keeps no fact on screen', async () => {
    const { context, page, grant } = await openAs('eve');
    await page.locator('[data-agent="agent:builder-1"]').waitFor();
    await line.owner.token.revoke.mutate({ project, kind: 'grant', value: grant, why: 'eve has left' });
    await page.getByText('The session has ended').waitFor();
    expect(await page.locator('body').innerText()).not.toContain('builder-1');
    expect(await page.getByText('andon open', { exact: true }).count()).toBe(1);
    await context.close();
  });

  it('reads one stream in ten tabs; all hear it, and another tab reads on when the first one is closed', async () => {
    const { context, page } = await openContext(browser);
    let open = 0;
    let most = 0;
    const isStream = (url: string): boolean => url.includes('/trpc/event.stream');
    context.on('request', (request) => {
      if (isStream(request.url())) most = Math.max(most, ++open);
    });
    const over = (request: Request): void => {
      if (isStream(request.url())) open -= 1;
    };
    context.on('requestfinished', over);
    context.on('requestfailed', over);
    await signIn(page, line);
    const tabs = [page];
    while (tabs.length < 10) {
      const tab = await context.newPage();
      await tab.goto(line.url);
      await live(tab).waitFor();
      tabs.push(tab);
    }
    await waitUntil(() => open === 1);
    await line.owner.cord.pull.mutate({ project, why: 'for all tabs' });
    for (const tab of tabs) await tab.locator('.banner', { hasText: 'for all tabs' }).waitFor();
    expect(most).toBe(1);
    await page.close();
    await clearAll();
    for (const tab of tabs.slice(1)) await tab.locator('.banner').waitFor({ state: 'detached' });
    await context.close();
  });
});

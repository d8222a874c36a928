import type { Browser, Route } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hasBrowser, launchBrowser, openContext } from '../support/browser.ts';
import type { Line } from '../support/line.ts';
import { openPageLine, openUrl, signIn } from '../support/page-line.ts';
import { planHead } from '../support/plan-head.ts';

const plan = `
${planHead()}
tasks:
  cart: { title: Cart, phase: build, write: ["src/cart/**"] }
  prices: { title: Prices, phase: build, write: ["src/prices/**"] }
`;

describe.skipIf(!hasBrowser())('the page, from andon open on', () => {
  let browser: Browser;
  let line: Line;
  beforeAll(async () => {
    [browser, line] = await Promise.all([launchBrowser(), openPageLine({ plan })]);
    const builder = await line.mint('agent:builder-1');
    await builder.client.task.claim.mutate({ project: line.project, task: 'cart' });
  });
  afterAll(async () => {
    await browser?.close();
    await line?.close();
  });

  it('shows the wall with its facts, keeps the code out of the address, and pulls the cord by keys', async () => {
    const { context, page, faults } = await openContext(browser);
    const url = await openUrl(line);
    await page.goto(url);
    await page.locator('.fresh', { hasText: 'live' }).waitFor();
    expect(page.url()).toBe(`${line.url}/`);
    const tile = page.locator('[data-agent="agent:builder-1"]');
    await tile.waitFor();
    expect(await tile.innerText()).toMatch(/builder-1[\s\S]*cart[\s\S]*claimed \d+s ago/);
    await page.keyboard.press('.');
    await page.keyboard.type('the schema drops orders');
    await page.keyboard.press('Enter');
    await page.locator('.banner.stop-yellow').waitFor();
    expect(await page.locator('.banner.stop-yellow').innerText()).toContain('the schema drops orders');
    const pulled = (await line.events()).filter(({ type }) => type === 'cord.pulled');
    expect(pulled).toHaveLength(1);
    expect(pulled[0]?.actor).toBe('human:owner');
    expect(faults).toEqual([]);
    await context.close();
  });

  it('is told by events what happens meanwhile', async () => {
    const { context, page } = await openContext(browser);
    await signIn(page, line);
    const other = await line.mint('agent:builder-2');
    await line.owner.cord.clear.mutate({
      project: line.project,
      stop: (await line.owner.cord.status.query({ project: line.project })).stops[0]?.id ?? '',
      why: 'it was a false alarm',
    });
    await page.locator('.banner').waitFor({ state: 'detached' });
    await other.client.task.claim.mutate({ project: line.project, task: 'prices' });
    await page.locator('[data-agent="agent:builder-2"]').waitFor();
    await context.close();
  });

  it('says of an act that the gateway accepted that no event has shown it yet, until one does', async () => {
    const { context, page } = await openContext(browser);
    const held: Route[] = [];
    let isHeld = true;
    await page.route('**/trpc/event.stream**', async (route) => {
      if (isHeld) held.push(route);
      else await route.continue();
    });
    const asker = await line.mint('agent:builder-1');
    await asker.client.task.ask.mutate({ project: line.project, task: 'cart', question: 'EUR or USD?' });
    await signIn(page, line, '/mine');
    await page.getByRole('textbox', { name: /Answer/ }).fill('EUR');
    await page.getByRole('button', { name: 'Answer' }).click();
    await page.getByText('Accepted, not seen yet: task.answer.').waitFor();
    isHeld = false;
    await Promise.all(held.map((route) => route.abort()));
    await page.getByText('Accepted, not seen yet').waitFor({ state: 'detached' });
    await page.getByRole('button', { name: 'Answer' }).waitFor({ state: 'detached' });
    expect((await line.events()).filter(({ type }) => type === 'question.answered')).toHaveLength(1);
    await context.close();
  });

  it('misses nothing that happens between its first questions and the stream', async () => {
    const { context, page } = await openContext(browser);
    await signIn(page, line);
    const asker = await line.mint('agent:asker');
    // The facts of the wall are asked for after the question, everything else is asked for when the page likes to.
    let letGo: () => void = () => undefined;
    const held = new Promise<void>((done) => {
      letGo = done;
    });
    await page.route('**/trpc/page.wall*', async (route: Route) => {
      await held;
      await route.continue();
    });
    const others = page.waitForResponse(/page\.mine/, { timeout: 2_000 }).catch(() => undefined);
    await page.goto(`${line.url}/mine`);
    await others;
    await asker.client.task.ask.mutate({ project: line.project, task: 'prices', question: 'EUR or USD?' });
    letGo();
    const item = page.locator('[data-kind="question"]');
    await item.waitFor();
    await item.getByRole('textbox', { name: /Answer/ }).fill('EUR');
    await item.getByRole('button', { name: 'Answer' }).click();
    await item.waitFor({ state: 'detached' });
    await context.close();
  });
});

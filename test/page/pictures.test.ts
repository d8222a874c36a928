import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hasBrowser, launchBrowser, openContext } from '../support/browser.ts';
import type { Line } from '../support/line.ts';
import { openPageLine, signIn } from '../support/page-line.ts';
import { differenceFrom, makerHere, whyNoComparison } from '../support/pictures.ts';
import { planHead } from '../support/plan-head.ts';

const project = 'shop';
const plan = `
${planHead()}
lease: 60m
tasks:
  cart:   { title: Show the cart, phase: build, write: ["src/cart/**"] }
  hooks:  { title: Hooks, phase: build, write: ["src/hooks/**"] }
  prices: { title: Prices, phase: build, write: ["src/prices/**"] }
`;
const shareMax = 0.001;
const sizes = {
  desk: { width: 1440, height: 900 },
  phone: { width: 390, height: 844 },
} as const;
const combinations = (['light', 'dark'] as const).flatMap((colorScheme) =>
  (['desk', 'phone'] as const).map((size) => [`${colorScheme}-${size}`, colorScheme, size] as const),
);

describe.skipIf(!hasBrowser())('the look of the page', () => {
  let browser: Browser;
  let line: Line;
  let change: string;
  beforeAll(async () => {
    [browser, line] = await Promise.all([launchBrowser(), openPageLine({ plan })]);
    const builder = await line.mint('agent:builder-1');
    await builder.client.task.claim.mutate({ project, task: 'hooks' });
    await builder.client.task.ask.mutate({ project, task: 'hooks', question: 'EUR or USD for the fixture?' });
    const other = await line.mint('agent:builder-2');
    const code =
      'export const total = (lines: readonly number[]): number =>\n  lines.reduce((sum, one) => sum + one, 0);\n';
    change = (await line.offer(other, 'cart', { 'src/cart/total.ts': code })).change;
    await line.until(change, 'judging');
    await line.owner.cord.pull.mutate({
      ...{ project, colour: 'yellow', scope: 'task/prices', why: 'prices wait for a decision' },
    });
  });
  afterAll(async () => {
    await browser?.close();
    await line?.close();
  });

  it.each(combinations)('is as it was, %s', async (name, colorScheme, size) => {
    const left = whyNoComparison(makerHere(browser.version()));
    if (left !== undefined) {
      console.log(`left out: pictures of the page: ${left}`);
      return;
    }
    const { context, page } = await openContext(browser, {
      ...{ colorScheme, viewport: sizes[size], bypassCSP: true },
    });
    await signIn(page, line);
    const screens = {
      wall: ['/p/shop', '.tile'],
      mine: ['/mine', '[data-kind="question"]'],
      changes: ['/p/shop/changes', 'tr[data-change]'],
      cord: ['/p/shop/cord', 'main h1'],
      verdict: [`/p/shop/c/${change}`, '.line.plus'],
    } as const;
    const differing: string[] = [];
    for (const [screen, [path, settled]] of Object.entries(screens)) {
      await page.goto(`${line.url}${path}`);
      await page.locator('.fresh', { hasText: 'live' }).waitFor();
      await page.locator(settled).first().waitFor();
      await page.getByText('Asking the gateway').waitFor({ state: 'detached' });
      const { share, left: file } = await differenceFrom(page, `${screen}-${name}`, shareMax);
      if (share > shareMax)
        differing.push(`${screen}: ${(100 * share).toFixed(2)}% of the pixels, see ${file}`);
    }
    expect(differing).toEqual([]);
    await context.close();
  });
});

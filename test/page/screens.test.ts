import { mkdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { csvOf, tsvOf } from '../../web/parts/table-text.ts';
import { hasBrowser, launchBrowser, openContext, type Watched } from '../support/browser.ts';
import type { Hand, Line, Offered } from '../support/line.ts';
import { openPageLine, signIn } from '../support/page-line.ts';
import { planHead } from '../support/plan-head.ts';

const plan = `
${planHead()}
tasks:
  cart: { title: Cart, phase: build, write: ["src/cart/**"] }
  prices: { title: Prices, phase: build, write: ["src/prices/**"] }
  hooks: { title: Hooks, phase: build, write: ["src/hooks/**"] }
`;
const project = 'shop';
const hostile = '<img src=x onerror=alert(1)> \u202eevil';

/** Keeps a picture for people, where a folder for pictures is named. */
async function picture(page: Page, name: string): Promise<void> {
  const folder = process.env.ANDON_PICTURES;
  if (folder === undefined || folder === '') return;
  mkdirSync(folder, { recursive: true });
  await page.screenshot({ path: join(folder, `${name}.png`), animations: 'disabled', caret: 'hide' });
}

/** Leaves every field, so that letters are keys. */
const unfocus = (page: Page): Promise<unknown> => page.evaluate('document.activeElement?.blur()');

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const tags = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];

/** Violations of accessibility on a page, in words. The context passes over the policy, for the script alone. */
async function violations(page: Page): Promise<string[]> {
  await page.evaluate(axe);
  const found = await page.evaluate(
    (wanted) =>
      (
        globalThis as unknown as {
          axe: { run(options: object): Promise<{ violations: { id: string; nodes: { html: string }[] }[] }> };
        }
      ).axe.run({ runOnly: wanted }),
    tags,
  );
  return found.violations.map(({ id, nodes }) => `${id}: ${nodes[0]?.html.slice(0, 160)}`);
}

describe.skipIf(!hasBrowser())('the screens of the page', () => {
  let browser: Browser;
  let line: Line;
  let builder: Hand;
  let offered: Offered;
  let watched: Watched;
  let page: Page;
  beforeAll(async () => {
    [browser, line] = await Promise.all([launchBrowser(), openPageLine({ plan })]);
    builder = await line.mint('agent:builder-1');
    await builder.client.task.claim.mutate({ project, task: 'hooks' });
    const other = await line.mint('agent:builder-2');
    const long = Array.from({ length: 3000 }, (_, at) => `export const line${at} = ${at};`).join('\n');
    offered = await line.offer(other, 'cart', {
      'src/cart/a.ts': 'export const a = 1;\n',
      'src/cart/b.ts': `${long}\n`,
    });
    await line.until(offered.change, 'judging');
    watched = await openContext(browser);
    page = watched.page;
    await signIn(page, line);
  });
  afterAll(async () => {
    await browser?.close();
    await line?.close();
  });

  const eventsOf = async (type: string) => (await line.events()).filter((one) => one.type === type);

  it('answer a question in place, by its text as it was written', async () => {
    await page.goto(`${line.url}/mine`);
    await builder.client.task.ask.mutate({ project, task: 'hooks', question: `EUR or USD? ${hostile}` });
    const item = page.locator('[data-kind="question"]');
    await item.waitFor();
    expect(await item.innerText()).toContain(String.raw`<img src=x onerror=alert(1)> \u{202e}evil`);
    await expect.poll(() => page.title()).toContain('(2)');
    await picture(page, 'mine');
    // Put off, it is the last of the list, and still counts.
    expect(await page.locator('.mine-item').first().getAttribute('data-kind')).toBe('question');
    await unfocus(page);
    await page.keyboard.press('z');
    await item.getByText('snoozed').waitFor();
    expect(await page.locator('.mine-item').last().getAttribute('data-kind')).toBe('question');
    expect(await page.title()).toContain('(2)');
    await item.getByRole('textbox').fill('EUR');
    await item.getByRole('button', { name: 'Answer' }).dblclick();
    await item.waitFor({ state: 'detached' });
    const answered = await eventsOf('question.answered');
    expect(answered.map(({ actor, data }) => [actor, data.answer])).toEqual([['human:owner', 'EUR']]);
  });

  it('show the whole difference before a verdict, and send the tree that was shown', async () => {
    await page.goto(`${line.url}/mine`);
    await page.getByRole('link', { name: 'Review' }).click();
    const approve = page.getByRole('button', { name: /Approve/ });
    await approve.waitFor();
    expect(await approve.isDisabled()).toBe(true);
    expect(await page.locator('.decide').innerText()).toContain('Read every file');
    await page.getByRole('button', { name: 'Comment on line 1', exact: true }).click();
    await page.getByRole('textbox', { name: 'Comment: a reason when you reject' }).fill('name it better');
    await page.keyboard.press('Enter');
    expect(await page.getByRole('button', { name: 'Reject (1)' }).isEnabled()).toBe(true);
    await picture(page, 'verdict');
    await page.locator('.files button').nth(1).click();
    const lines = page.locator('.lines');
    await page.locator('.line.plus').first().waitFor();
    // A few of three thousand lines are in the document, and the file is read at its end.
    expect(await page.locator('.line').count()).toBeLessThan(200);
    expect(await page.locator('.files button').nth(1).innerText()).toContain('☐');
    await lines.evaluate((element) => element.scrollTo(0, element.scrollHeight));
    await page.locator('.files button', { hasText: '☑' }).nth(1).waitFor();
    await page.getByRole('checkbox', { name: 'my own work' }).check();
    await expect.poll(() => approve.isEnabled()).toBe(true);
    await approve.click();
    await line.until(offered.change, 'landed');
    const [given, ...others] = await eventsOf('verdict.given');
    expect(others).toEqual([]);
    expect(given).toMatchObject({
      actor: 'human:owner',
      data: { approve: true, tree: offered.tree, ownWork: true },
    });
  });

  it('reject a change with comments on its lines as reasons', async () => {
    const third = await line.mint('agent:builder-3');
    const second = await line.offer(third, 'prices', {
      'src/prices/p.ts': `export const p = 1;\n${'// kept\n'.repeat(4)}`,
    });
    await line.until(second.change, 'judging');
    await page.goto(`${line.url}/p/shop/c/${second.change}`);
    await page.getByRole('button', { name: 'Comment on line 1', exact: true }).click();
    await page
      .getByRole('textbox', { name: 'Comment: a reason when you reject' })
      .fill('no price without a currency');
    await page.keyboard.press('Enter');
    await page.getByRole('button', { name: 'Comment on line 2', exact: true }).click();
    await page
      .getByRole('button', { name: 'Comment on line 4', exact: true })
      .click({ modifiers: ['Shift'] });
    await page.getByRole('textbox', { name: 'Comment: a reason when you reject' }).fill('one table');
    await page.keyboard.press('Enter');
    await unfocus(page);
    await page.keyboard.press('c');
    const field = page.getByRole('textbox', { name: 'Comment: a reason when you reject' });
    await field.waitFor();
    await field.press('Escape');
    await field.waitFor({ state: 'detached' });
    await page.getByRole('checkbox', { name: 'my own work' }).check();
    await unfocus(page);
    await page.keyboard.press('x');
    await line.until(second.change, 'refused');
    const given = (await eventsOf('verdict.given')).at(-1);
    expect(given?.data.reasons).toEqual([
      'src/prices/p.ts:1 no price without a currency',
      'src/prices/p.ts:2-4 one table',
    ]);
  });

  it('show the rules that a change is held to, and what became of it since another attempt', async () => {
    const { rows } = await line.owner.change.page.query({ project, task: 'prices' });
    const first = rows[0]?.id ?? '';
    const fourth = await line.mint('agent:builder-4');
    const code = `export const p = 1; // EUR\n${'// kept\n'.repeat(4)}`;
    const again = await line.offer(fourth, 'prices', { 'src/prices/p.ts': code });
    await line.until(again.change, 'judging');
    await page.goto(`${line.url}/p/shop/c/${again.change}`);
    await page.getByLabel('Rules').getByText('scope.write holds: 1 path, limit src/prices/**').waitFor();
    await page.getByLabel('lines around').selectOption('10');
    await page.locator('.line.plus').first().waitFor();
    await page.getByRole('button', { name: /^Changed since/ }).click();
    const since = page.getByLabel(`Since ${first.slice(0, 4)}${first.slice(-8)}`);
    await since.locator('.line.plus').waitFor();
    expect(await since.locator('.line').allInnerTexts()).toEqual([
      expect.stringContaining('@'),
      expect.stringContaining('export const p = 1;'),
      expect.stringContaining('export const p = 1; // EUR'),
      ...Array.from({ length: 3 }, () => expect.stringContaining('// kept')),
    ]);
    // The difference from another attempt is read beside the change, and judges nothing.
    expect(await since.getByRole('button', { name: /Comment on line/ }).count()).toBe(0);
    await line.owner.change.withdraw.mutate({ project, change: again.change, why: 'shown' });
  });

  it('list changes by state, with the landing queue on top', async () => {
    await page.goto(`${line.url}/p/shop/changes`);
    await page.locator('[data-change]').nth(1).waitFor();
    expect(await page.getByLabel('Landing queue').innerText()).toContain('Nothing waits to land.');
    await page.getByRole('button', { name: 'landed', exact: true }).click();
    await expect.poll(() => page.locator('[data-change]').count()).toBe(1);
    expect(page.url()).toContain('state=landed');
    await picture(page, 'changes');
  });

  it('hand their rows out as text and as a file, and no formula with them', async () => {
    await watched.context.grantPermissions(['clipboard-read', 'clipboard-write']);
    await page.getByRole('button', { name: 'Copy rows' }).click();
    await page.getByText('1 rows copied').waitFor();
    const copied = String(await page.evaluate('navigator.clipboard.readText()'));
    expect(copied).toMatch(
      /^change\ttask\tstate\tsince\tby\nchg_\w{8}\tcart\tlanded\t\d{4}-\d\d-\d\dT[\d:.]+Z\tbuilder-2\n$/,
    );
    const [file] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('button', { name: 'Save as CSV' }).click(),
    ]);
    expect(file.suggestedFilename()).toBe('changes-shop.csv');
    const saved = readFileSync((await file.path()) ?? '', 'utf8');
    expect(saved.split('\r\n')[0]).toBe('"change","task","state","since","by"');
    expect(tsvOf([['=1+1', '@x', 'plain']])).toBe("'=1+1\t'@x\tplain\n");
    expect(csvOf([['say "hi"', '-2']])).toBe('"say ""hi""","\'-2"\r\n');
  });

  it('have the colours that were chosen, also when they are opened again', async () => {
    await unfocus(page);
    await page.keyboard.press('?');
    await page.getByRole('radio', { name: 'dark' }).check();
    await page.keyboard.press('Escape');
    await page.reload();
    await page.locator('.fresh', { hasText: 'live' }).waitFor();
    const background = () => page.evaluate('getComputedStyle(document.body).backgroundColor');
    expect(await background()).toBe('rgb(21, 24, 29)');
    await page.keyboard.press('?');
    await page.getByRole('radio', { name: 'system' }).check();
    await page.keyboard.press('Escape');
    expect(await background()).toBe('rgb(246, 247, 249)');
  });

  it('pull red from every screen in two keys and a sentence, and clear it by its root cause', async () => {
    await unfocus(page);
    await page.keyboard.press('.');
    await page.keyboard.type('the schema drops orders');
    const dialog = page.getByRole('dialog');
    await dialog.getByText('Would hold now: 0 runs, 2 tasks, 0 landings.').waitFor();
    await page.getByRole('radio', { name: /red/ }).check();
    await page.keyboard.press('Enter');
    await page.locator('.banner.stop-red').waitFor();
    const late = await line.mint('agent:late');
    await expect(late.client.task.claim.mutate({ project, task: 'prices' })).rejects.toThrow(/line\.stopped/);
    await picture(page, 'stopped');
    await page.getByRole('link', { name: /^See/ }).click();
    await page.getByLabel('Why 1').fill('the migration drops a column');
    await page.getByLabel('Evidence 1').fill('commit abc');
    await page.getByLabel('What keeps it from happening again').fill('a test of the schema');
    await page.getByRole('button', { name: 'Clear red' }).click();
    await page.locator('.banner').waitFor({ state: 'detached' });
    const [cleared] = await eventsOf('cord.cleared');
    expect(cleared?.data.rootCause).toMatchObject({ kind: 'policy', prevention: 'a test of the schema' });
  });

  it('are reached by keys and by words', async () => {
    await unfocus(page);
    await page.keyboard.press('g');
    await page.keyboard.press('m');
    await page.getByRole('heading', { name: /Waiting on you/ }).waitFor();
    await page.keyboard.press('Control+k');
    await page.getByRole('textbox', { name: 'Screen, task or change' }).fill('Changes');
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'Changes of shop' }).waitFor();
    expect(watched.faults).toEqual([]);
  });

  it.each([
    ['light', { colorScheme: 'light' }],
    ['dark', { colorScheme: 'dark' }],
    ['forced colours', { forcedColors: 'active' }],
    ['a phone', { viewport: { width: 390, height: 844 } }],
  ] as const)('break no rule of WCAG 2.2 AA in %s', async (name, options) => {
    const { context, page: own } = await openContext(browser, { ...options, bypassCSP: true });
    await signIn(own, line);
    const found: string[] = [];
    for (const path of [
      '/',
      '/mine',
      '/p/shop/changes',
      '/p/shop/cord',
      `/p/shop/c/${offered.change}`,
      '/p/shop/t/cart',
    ]) {
      await own.goto(`${line.url}${path}`);
      await own.locator('main h1').first().waitFor({ state: 'attached' });
      await own.locator('.fresh', { hasText: 'live' }).waitFor();
      found.push(...(await violations(own)).map((words) => `${path} ${words}`));
      await picture(own, `${name}${path.replaceAll('/', '-').replace(offered.change, 'change')}`);
    }
    expect(found).toEqual([]);
    await context.close();
  });

  it('blank themselves when the session ends, and tell the command that opens another', async () => {
    await line.owner.page.end.mutate({ project: '*' });
    await page.getByText('The session has ended').waitFor();
    expect(await page.getByText('andon open').count()).toBeGreaterThan(0);
    expect(await page.locator('[data-agent]').count()).toBe(0);
  });
});

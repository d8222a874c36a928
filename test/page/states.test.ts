import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { statement } from '../../src/store/store.ts';
import { hasBrowser, launchBrowser, openContext, type Watched } from '../support/browser.ts';
import { answer } from '../support/cli.ts';
import type { Line } from '../support/line.ts';
import { openPageLine, signIn } from '../support/page-line.ts';
import { planHead } from '../support/plan-head.ts';
import { timeSlack } from '../support/slack.ts';
import { openTunnel } from '../support/tunnel.ts';
import { waitUntil } from '../support/wait.ts';

const project = 'shop';
const plan = `
${planHead()}
lease: 60m
gates:
  look: { by: human }
tasks:
  hooks:  { title: Hooks, phase: build, write: ["src/hooks/**"], gates: [look] }
  cart:   { title: Cart, phase: build, write: ["src/cart/**"] }
  spare:  { title: Spare, phase: build, write: ["src/spare/**"] }
  prices: { title: Prices, phase: build, write: ["src/prices/**"] }
`;
const rowsCount = 10_000;
const shownMs = 1_000 * timeSlack;

describe.skipIf(!hasBrowser())('each screen of the page', () => {
  let browser: Browser;
  let line: Line;
  let watched: Watched;
  beforeAll(async () => {
    [browser, line] = await Promise.all([launchBrowser(), openPageLine({ plan })]);
    watched = await openContext(browser);
    await signIn(watched.page, line);
  });
  afterAll(async () => {
    await browser?.close();
    await line?.close();
  });

  it('says in words that it is empty', async () => {
    const { page } = watched;
    for (const [path, words] of [
      ['/', 'Nobody works here yet'],
      ['/mine', 'Nothing waits on you.'],
      ['/p/shop/changes', 'Nothing waits to land.'],
      ['/p/shop/changes', 'No change yet'],
      ['/p/shop/cord', 'No stop is open: the line runs.'],
      ['/p/shop/runs', 'andon run list'],
    ] as const) {
      await page.goto(`${line.url}${path}`);
      await page.getByText(words).first().waitFor();
    }
  });

  it('tells the refusal of what is not there, with the command that helps', async () => {
    const { page } = watched;
    const missing = 'chg_00000000000000000000000000';
    for (const [path, code, next] of [
      [`/p/shop/c/${missing}`, 'change.missing', 'andon change list'],
      ['/p/nowhere/changes', 'project.missing', 'andon project list'],
      ['/p/nowhere/cord', 'project.missing', 'andon project list'],
    ] as const) {
      await page.goto(`${line.url}${path}`);
      const said = page.locator('.reasons').first();
      await said.waitFor();
      expect(await said.innerText()).toContain(code);
      expect(await said.innerText()).toContain(next);
    }
  });

  it('lets a person pass a gate with a note, once', async () => {
    const { page } = watched;
    const builder = await line.mint('agent:builder-3');
    const { change } = await line.offer(builder, 'hooks', { 'src/hooks/h.ts': 'export const h = 1;\n' });
    await page.goto(`${line.url}/mine`);
    const gate = page.locator('[data-kind="gate"]');
    await gate.getByRole('link', { name: 'Review' }).click();
    await page.getByLabel('Note on gate look').fill('looked at it');
    await page.getByRole('button', { name: 'Pass' }).dblclick();
    await page.getByText('● look passed').waitFor();
    const passed = (await line.events()).filter(
      ({ type, data }) => type === 'gate.passed' && data.gate === 'look',
    );
    expect(passed.map(({ actor, subject, data }) => [actor, subject, data.note])).toEqual([
      ['human:owner', `change/${change}`, 'looked at it'],
    ]);
    await line.owner.change.withdraw.mutate({ project, change, why: 'seen' });
  });

  it('hides from a session that only reads what it may not do, and says so', async () => {
    const builder = await line.mint('agent:builder-1');
    await builder.client.task.claim.mutate({ project, task: 'cart' });
    await builder.client.task.ask.mutate({ project, task: 'cart', question: 'EUR or USD?' });
    const other = await line.mint('agent:builder-2');
    const offered = await line.offer(other, 'prices', { 'src/prices/p.ts': 'export const p = 1;\n' });
    await line.until(offered.change, 'judging');
    const env = { ANDON_URL: line.url, ANDON_TOKEN_FILE: line.app.owner.file, ANDON_PROJECT: project };
    const { url } = await answer<{ url: string }>(['open', '--no-browser', '--read-only'], { env });
    const { context, page } = await openContext(browser);
    await page.goto(url);
    await page.locator('.fresh', { hasText: 'live' }).waitFor();
    await page.goto(`${line.url}/mine`);
    const question = page.locator('[data-kind="question"]');
    await question.getByText('Not yours:').waitFor();
    expect(await question.getByRole('textbox').count()).toBe(0);
    await page.goto(`${line.url}/p/shop/c/${offered.change}`);
    await page.locator('.line.plus').first().waitFor();
    await page.locator('.decide').getByText('grant.action').waitFor();
    expect(await page.getByRole('button', { name: /Approve/ }).isDisabled()).toBe(true);
    // The cord is for everybody.
    await page.keyboard.press('.');
    await page.keyboard.type('I only look, and I see smoke');
    await page.keyboard.press('Enter');
    await page.locator('.banner.stop-yellow', { hasText: 'I see smoke' }).waitFor();
    await context.close();
  });

  it('says of which time its facts are when it is cut off, and is live again by itself', async () => {
    const tunnel = await openTunnel(line.url);
    const { context, page } = await openContext(browser);
    const env = { ANDON_URL: line.url, ANDON_TOKEN_FILE: line.app.owner.file, ANDON_PROJECT: project };
    const { url } = await answer<{ url: string }>(['open', '--no-browser', '--origin', tunnel.origin], {
      env,
    });
    await page.goto(url);
    await page.locator('.fresh', { hasText: 'live' }).waitFor();
    tunnel.cut();
    await page.getByText('Not the present: as of').waitFor();
    expect(await page.title()).toContain('(?)');
    for (const key of ['m', 's', 'w', 'c']) {
      await page.keyboard.press('g');
      await page.keyboard.press(key);
      await page.locator('main.stale').waitFor();
      expect(await page.getByText('Not the present: as of').count()).toBe(1);
    }
    // Asked for while it was cut off, the changes are asked for again, though no event has touched them.
    const refused = page.locator('main .reasons').first();
    await refused.waitFor();
    tunnel.mend();
    await page.locator('.fresh', { hasText: 'live' }).waitFor();
    await page.locator('main.stale').waitFor({ state: 'detached' });
    await refused.waitFor({ state: 'detached' });
    await context.close();
    await tunnel.close();
  });

  it('pulls red against agents that claim: none of them is given work once the page has its answer', async () => {
    const { page } = watched;
    await page.goto(`${line.url}/p/shop`);
    await page.locator('.fresh', { hasText: 'live' }).waitFor();
    for (const { id } of (await line.owner.cord.status.query({ project })).stops)
      await line.owner.cord.clear.mutate({ project, stop: id, why: 'for the race' });
    const given: number[] = [];
    let answeredMs = Number.POSITIVE_INFINITY;
    const claimsOn = async (agent: string): Promise<void> => {
      const { client } = await line.mint(agent);
      while (performance.now() < answeredMs + 500) {
        const begunMs = performance.now();
        const claim = await client.task.claim.mutate({ project, task: 'spare' }).catch(() => undefined);
        if (claim?.task == null) continue;
        given.push(begunMs);
        const { epoch } = claim.task;
        await client.task.release.mutate({ project, task: 'spare', epoch, why: 'again' });
      }
    };
    const racing = Promise.all(['agent:racer-1', 'agent:racer-2', 'agent:racer-3'].map(claimsOn));
    await waitUntil(() => given.length > 5);
    await page.keyboard.press('.');
    await page.keyboard.type('stop all of them');
    await page.getByRole('radio', { name: /red/ }).check();
    const [answer] = await Promise.all([
      page.waitForResponse(/cord\.pull/),
      page.getByRole('button', { name: 'Pull red' }).click(),
    ]);
    await answer.finished();
    answeredMs = performance.now();
    await racing;
    expect(given.filter((begunMs) => begunMs > answeredMs)).toEqual([]);
    console.log(`${given.length} claims were given before the answer, none after`);
  });

  it(`shows a part of ${rowsCount} rows soon, and pages through the others`, async () => {
    const { page } = watched;
    await line.app.gateway.store.rows(
      statement(
        '',
        `insert into changes (id, project, kind, task, epoch, commit_id, base, candidate, tree, state, author, gid, lin, created_at, state_at)
         select 'chg_' || lpad(n::text, 26, '0'), project, kind, task, epoch, commit_id, base, candidate, tree,
           case when n % 2 = 0 then 'judging' else 'refused' end, author, gid, lin, created_at, state_at
         from changes, generate_series(1, ${rowsCount}) n where state = 'judging'`,
      ),
    );
    const begun = performance.now();
    await page.goto(`${line.url}/p/shop/changes`);
    await page.locator('tr[data-change]').nth(49).waitFor();
    expect(performance.now() - begun).toBeLessThan(shownMs);
    expect(await page.locator('tr[data-change]').count()).toBe(50);
    await page.getByRole('button', { name: 'Older changes' }).click();
    await page.locator('tr[data-change]').nth(99).waitFor();
    const ids = await page
      .locator('tr[data-change]')
      .evaluateAll((rows) => rows.map((row) => row.getAttribute('data-change')));
    expect(new Set(ids).size).toBe(100);
    await page.getByRole('button', { name: 'refused', exact: true }).click();
    await expect.poll(() => page.locator('tr[data-change]').first().innerText()).toContain('refused');
    await page.goto(`${line.url}/mine`);
    // The verdicts of one half, the question, and the stop; the list is bounded, its count is not.
    await page.getByText(`Waiting on you (${rowsCount / 2 + 3})`).waitFor();
    expect(await page.locator('.mine-item').count()).toBe(200);
    expect(await page.locator('*').count()).toBeLessThan(5_000);
  });
});

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { LandingPoint } from '../../src/changes/landing.ts';
import { mustGit, startTestGateway, type TestGateway } from '../support/gateway.ts';
import { type Hand, type Line, type Offered, openLine, passTime } from '../support/line.ts';
import { planHead } from '../support/plan-head.ts';
import { waitUntil } from '../support/wait.ts';

const points: readonly LandingPoint[] = ['before-intent', 'after-intent', 'after-move', 'after-done'];
const plan = `
${planHead()}
tasks:
${points.map((point) => `  ${point}: { title: A, phase: build, write: ["src/${point}/**"] }`).join('\n')}
  woken: { title: B, phase: build, write: ["src/woken/**"] }
`;
const project = 'shop';

/** Makes its gateway die (as far as its landing goes) at one point, once. */
class Trap {
  armed: LandingPoint | undefined;
  sprung = 0;
  at = (point: LandingPoint): void => {
    if (point !== this.armed) return;
    this.armed = undefined;
    this.sprung++;
    throw new Error(`died ${point}`);
  };
}

async function submitted(line: Line, task: string): Promise<{ offered: Offered; reviewer: Hand }> {
  const builder = await line.mint('agent:builder', {}, { lifeSeconds: 900 });
  const reviewer = await line.mint('agent:reviewer', { tier: 'validator' });
  return {
    offered: await line.offer(builder, task, { [`src/${task}/a.js`]: 'export const a = 1;\n' }),
    reviewer,
  };
}

const approve = (hand: Hand, { change, tree }: Offered) =>
  hand.client.verdict.approve.mutate({ project, change, tree });

/** Every landed commit has its audit row, and every audit row its landed commit. */
async function expectBooksToBalance(line: Line): Promise<void> {
  const folder = line.app.gateway.git.folderOf(project);
  const log = await mustGit(folder, [
    'log',
    '--first-parent',
    '--format=%H %(trailers:key=Andon-Audit,valueonly,separator=%x20)',
    'main',
  ]);
  const commits = log
    .split('\n')
    .map((row) => row.split(' '))
    .filter(([, audit]) => audit);
  const events = await line.events();
  const landed = events.filter(({ type }) => type === 'change.landed').map(({ data }) => data.to);
  expect(new Set(landed)).toEqual(new Set(commits.map(([oid]) => oid)));
  expect(landed.length).toBe(commits.length);
  for (const [oid, audit] of commits)
    expect(events.find(({ id }) => id === audit)).toMatchObject({
      type: 'landing.intended',
      data: { to: oid },
    });
  await mustGit(folder, ['fsck', '--strict', '--no-dangling']);
}

describe('a gateway that dies while it lands, and another on the same database', () => {
  const trap = new Trap();
  let line: Line;
  let second: TestGateway;
  let folder: string;
  beforeAll(async () => {
    line = await openLine('postgres', { plan, extras: { at: trap.at } });
    folder = mkdtempSync(join(tmpdir(), 'andon-second-'));
    const config = { dataFolder: join(line.folder, 'data') };
    second = await startTestGateway('postgres', {
      folder,
      config,
      databaseUrl: line.databaseUrl ?? '',
      extras: { at: trap.at },
    });
  });
  afterAll(async () => {
    await second.close();
    await line.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it.each(points)('lands once, with its audit row, when it dies %s', async (point) => {
    const { offered, reviewer } = await submitted(line, point);
    trap.armed = point;
    const before = trap.sprung;
    await approve(reviewer, offered);
    await waitUntil(() => trap.sprung > before);
    await passTime(11_000, line, second);
    await line.until(offered.change, 'landed');
    const types = (await line.events())
      .filter(({ subject }) => subject === `change/${offered.change}`)
      .map(({ type }) => type);
    expect(types.filter((type) => type === 'change.landed')).toHaveLength(1);
    expect(types.includes('landing.voided')).toBe(point === 'after-intent');
    expect((await line.task(point)).state).toBe('done');
    await expectBooksToBalance(line);
  });

  it('moves nothing when it wakes after another has voided its landing', async () => {
    const { offered, reviewer } = await submitted(line, 'woken');
    const { git } = line.app.gateway;
    trap.armed = 'after-intent';
    await approve(reviewer, offered);
    await waitUntil(() => trap.armed === undefined);
    const [intent] = (await line.events()).filter(
      ({ type, subject }) => type === 'landing.intended' && subject === `change/${offered.change}`,
    );
    const rows = await line.app.gateway.store.rows<{ fence: string; old_main: string; new_main: string }>({
      name: '',
      text: `select fence, old_main, new_main from landings where state = 'intent'`,
    });
    const late = {
      change: offered.change,
      oldMain: rows[0]?.old_main ?? '',
      newMain: rows[0]?.new_main ?? '',
      fence: rows[0]?.fence ?? '',
    };
    expect(intent?.data.to).toBe(late.newMain);
    // The other gateway voids first and is stopped before it lands the change itself.
    trap.armed = 'before-intent';
    await passTime(11_000, line, second);
    await waitUntil(async () => (await line.change(offered.change)).state !== 'landing');
    expect(await git.moveMain(project, late)).toBe(false);
    await line.until(offered.change, 'landed');
    expect((await line.change(offered.change)).landedCommit).not.toBe(late.newMain);
    await expectBooksToBalance(line);
  });
});

describe('an embedded gateway that dies while it lands', () => {
  it.each(points)('finishes or voids the landing at its next start, when it died %s', async (point) => {
    const trap = new Trap();
    const folder = mkdtempSync(join(tmpdir(), 'andon-dies-'));
    const line = await openLine('pglite', { plan, folder, extras: { at: trap.at } });
    const { offered, reviewer } = await submitted(line, point);
    trap.armed = point;
    const approving = approve(reviewer, offered);
    await waitUntil(() => trap.sprung > 0);
    await approving;
    await line.close();
    const again = await startTestGateway('pglite', { folder });
    const state = async () =>
      (await again.owner.change.show.query({ project, change: offered.change })).state;
    await waitUntil(async () => (await state()) === 'landed');
    const events = await again.app.gateway.store.rows<{ type: string }>(
      { name: '', text: `select type from events where subject = $1` },
      [`change/${offered.change}`],
    );
    expect(events.filter(({ type }) => type === 'change.landed')).toHaveLength(1);
    await again.close();
    rmSync(folder, { recursive: true, force: true });
  });
});

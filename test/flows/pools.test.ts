import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestGateway, type TestGateway } from '../support/gateway.ts';
import { type Line, lineOn, openLine } from '../support/line.ts';
import { lookAtPools, mostAtOnce, runsOf } from '../support/pools.ts';
import { containments, startTestRunner, type TestRunner } from '../support/runner.ts';
import { waitUntil } from '../support/wait.ts';

const project = 'shop';
const minute = 60_000;
const [containment] = containments;

const said = (result: string): string =>
  `printf '{"version":1,"run":"%s","epoch":%s,"result":"${result}","summary":"by itself"}' "$ANDON_RUN" "$ANDON_EPOCH" > "$ANDON_VERDICT"`;
const build = `mkdir -p src && echo x > "src/$ANDON_TASK.txt" && git add -A && git commit -qm work && git push -q && andon change submit --json && ${said('shipped')}`;
const review = `andon verdict approve "$ANDON_CHANGE" --json --note "read it" && ${said('shipped').replace('"epoch":%s,', '').replace(' "$ANDON_EPOCH"', '')}`;

interface Pools {
  readonly builder?: number | undefined;
  readonly reviewer?: number;
  readonly run?: string;
}

function planOf(tasks: readonly string[], { builder, reviewer, run = build }: Pools): string {
  const pool = (size: number | undefined): string => (size === undefined ? '' : `, pool: ${size}`);
  return [
    `version: 1\nproject: ${project}\ndone: landed\nlease: 10s\nphases: [build]\nagents:`,
    `  builder: { tier: implementer, adapter: command, run: ${JSON.stringify(run)}${pool(builder)} }`,
    `  reviewer: { tier: validator, adapter: command, run: ${JSON.stringify(review)}${pool(reviewer)} }`,
    'tasks:',
    ...tasks.map((task) => `  ${task}: { title: T, phase: build, write: ["src/${task}.txt"] }`),
    '',
  ].join('\n');
}

const statesOf = async ({ owner }: TestGateway): Promise<string[]> =>
  (await owner.task.list.query({ project })).map(({ state }) => state);
const until = (gateway: TestGateway, state: string): Promise<void> =>
  waitUntil(async () => (await statesOf(gateway)).every((one) => one === state), 2 * minute);

describe('pools of builders and reviewers', () => {
  let line: Line;
  let runner: TestRunner;
  const four = ['a', 'b', 'c', 'd'];
  beforeAll(async () => {
    line = await openLine('postgres', { plan: planOf(four, { builder: 2, reviewer: 1 }) });
    runner = await startTestRunner(line, project, containment);
  });
  afterAll(async () => {
    await runner?.close();
    await line?.close();
  });

  it(
    'bring four tasks to main: never more than two builders at once, and one reviewer for each change',
    async () => {
      await until(line, 'done');
      await waitUntil(async () =>
        (await runsOf(line, project, 'reviewer')).every(({ state }) => state === 'ended'),
      );
      const builders = await runsOf(line, project, 'builder');
      expect(builders.map(({ task, outcome }) => `${task} ${outcome}`).sort()).toEqual(
        four.map((task) => `${task} shipped`),
      );
      expect(mostAtOnce(builders)).toBe(2);
      const reviewers = await runsOf(line, project, 'reviewer');
      const changes = await line.owner.change.list.query({ project });
      expect(reviewers.map(({ change }) => change).sort()).toEqual(changes.map(({ id }) => id).sort());
      expect(mostAtOnce(reviewers)).toBe(1);
    },
    3 * minute,
  );

  it('start nothing without work', async () => {
    await lookAtPools(line);
    expect(await line.owner.run.list.query({ project, states: ['waiting', 'taken', 'running'] })).toEqual({
      runs: [],
    });
    expect(await runsOf(line, project, 'builder')).toHaveLength(4);
  });

  it(
    'end with the plan, and begin with it again',
    async () => {
      const five = [...four, 'e'];
      await line.owner.plan.put.mutate({ project, text: planOf(five, { reviewer: 1 }) });
      await lookAtPools(line);
      expect(await runsOf(line, project, 'builder')).toHaveLength(4);
      await line.owner.plan.put.mutate({ project, text: planOf(five, { builder: 2, reviewer: 1 }) });
      await until(line, 'done');
      expect(await runsOf(line, project, 'builder')).toHaveLength(5);
    },
    2 * minute,
  );
});

describe('a pool whose runs make no progress', () => {
  const tasks = ['a', 'b', 'c', 'd', 'e'];
  let line: Line;
  let runner: TestRunner;
  beforeAll(async () => {
    line = await openLine('postgres', {
      plan: planOf(tasks, { builder: 1, run: said('no_progress') }),
    });
    runner = await startTestRunner(line, project, containment);
  });
  afterAll(async () => {
    await runner?.close();
    await line?.close();
  });

  const openStops = async () => (await line.owner.cord.status.query({ project })).stops;
  const ended = async () =>
    (await runsOf(line, project, 'builder')).filter(({ state }) => state === 'ended').length;

  it(
    'is paused after three in a row, once, told once, and goes on when the stop is cleared',
    async () => {
      await waitUntil(async () => (await openStops()).length === 1, minute);
      for (const _again of [1, 2]) await lookAtPools(line);
      const [stop, ...others] = await openStops();
      expect(others).toEqual([]);
      expect(stop).toMatchObject({
        colour: 'yellow',
        scope: 'pool/builder',
        cause: 'pool',
        subject: 'agents.builder',
        count: 1,
      });
      expect(await ended()).toBe(3);
      const told = (await line.owner.message.list.query({ project })).filter(
        ({ subject }) => subject === 'agents.builder',
      );
      expect(told.map(({ title }) => title)).toEqual(['the pool of builder is paused']);
      await line.owner.cord.clear.mutate({ project, stop: stop?.id ?? '', why: 'the prompt is better' });
      await waitUntil(async () => (await openStops()).length === 1, minute);
      const [second] = await openStops();
      expect(second).toMatchObject({ cause: 'pool' });
      expect(second?.id).not.toBe(stop?.id);
      expect(await ended()).toBe(6);
    },
    2 * minute,
  );
});

it(
  'a pool goes on after a restart of its gateway, and asks for nothing twice',
  async () => {
    const folder = mkdtempSync(join(tmpdir(), 'andon-pool-'));
    const plan = planOf(['a', 'b', 'c'], { builder: 1, reviewer: 1 });
    const line = await lineOn(await startTestGateway('pglite', { folder }), { plan });
    await waitUntil(async () => (await runsOf(line, project, 'builder')).length === 1);
    const [first] = await runsOf(line, project, 'builder');
    await line.close();
    const again = await startTestGateway('pglite', { folder });
    const runner = await startTestRunner(again, project, containment);
    try {
      await until(again, 'done');
      const builders = await runsOf(again, project, 'builder');
      expect(builders.map(({ task }) => task).sort()).toEqual(['a', 'b', 'c']);
      expect(builders[0]?.id).toBe(first?.id);
      expect(mostAtOnce(builders)).toBe(1);
    } finally {
      await runner.close();
      await again.close();
      rmSync(folder, { recursive: true, force: true });
    }
  },
  3 * minute,
);

it(
  'two gateways of one database do not exceed a pool',
  async () => {
    const tasks = Array.from({ length: 6 }, (_, n) => `t${n}`);
    const line = await openLine('postgres', { plan: planOf(tasks, {}) });
    const folder = mkdtempSync(join(tmpdir(), 'andon-second-'));
    const config = { dataFolder: join(line.folder, 'data') };
    const second = await startTestGateway('postgres', {
      folder,
      config,
      databaseUrl: line.databaseUrl ?? '',
    });
    const runner = await startTestRunner(line, project, containment);
    try {
      await line.owner.plan.put.mutate({ project, text: planOf(tasks, { builder: 2 }) });
      let isOver = false;
      const racing = [line, second].map(async (gateway) => {
        while (!isOver) await lookAtPools(gateway);
      });
      await until(line, 'gated').finally(() => {
        isOver = true;
      });
      await Promise.all(racing);
      const builders = await runsOf(line, project, 'builder');
      expect(builders).toHaveLength(6);
      expect(mostAtOnce(builders)).toBe(2);
    } finally {
      await runner.close();
      await second.close();
      await line.close();
      rmSync(folder, { recursive: true, force: true });
    }
  },
  3 * minute,
);

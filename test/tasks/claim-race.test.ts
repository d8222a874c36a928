import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestGateway, type TestGateway } from '../support/gateway.ts';
import { type Hand, type Line, openLine } from '../support/line.ts';
import { seed } from '../support/seed.ts';
import { waitUntil } from '../support/wait.ts';

const project = 'shop';
const alone = 440;
const groups = 15;
const perGroup = 4;

/** 440 tasks beside each other, and 15 groups of four that write the same folder. */
function manyTasks(): string {
  const tasks: string[] = [];
  for (let i = 0; i < alone; i++) tasks.push(`  a${i}: { title: A, phase: build, write: ["a/${i}/**"] }`);
  for (let g = 0; g < groups; g++)
    for (let i = 0; i < perGroup; i++)
      tasks.push(
        `  g${g}-${i}: { title: G, phase: build, priority: critical, write: ["g/${g}/**", "h/${g}/${i}/**"] }`,
      );
  return `version: 1\nproject: shop\ndone: artefact\nphases: [build]\nlease: 10m\ntasks:\n${tasks.join('\n')}\n`;
}

/** A small generator, so that a failure can be repeated (mulberry32). */
function random(start: number): () => number {
  let state = start;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** Makes a call again that found no free connection in time, which has done nothing: the machine may be loaded. */
async function whenConnected<T>(call: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await call();
    } catch (error) {
      if (!String(error).includes('timeout exceeded when trying to connect')) throw error;
    }
  }
}

describe('fifty claimants at two gateways of one database', () => {
  let line: Line;
  let second: TestGateway;
  let folder: string;
  beforeAll(async () => {
    line = await openLine('postgres', { plan: manyTasks() });
    folder = mkdtempSync(join(tmpdir(), 'andon-second-'));
    const config = { dataFolder: join(line.folder, 'data') };
    second = await startTestGateway('postgres', { folder, config, databaseUrl: line.databaseUrl ?? '' });
  });
  afterAll(async () => {
    await second.close();
    await line.close();
    rmSync(folder, { recursive: true, force: true });
  });

  async function work(hand: Hand, gateway: TestGateway, draw: () => number): Promise<void> {
    const client = gateway.client(hand.token);
    for (let misses = 0; misses < 3; ) {
      const { task } = await whenConnected(() => client.task.claim.mutate({ project }));
      if (task === null) {
        misses++;
        continue;
      }
      misses = 0;
      if (!task.id.startsWith('g')) continue;
      const held = { project, task: task.id, epoch: task.epoch };
      if (draw() < 0.2) await whenConnected(() => client.task.release.mutate({ ...held, why: 'by lot' }));
      else {
        const { change, tree } = await whenConnected(() =>
          client.change.submit.mutate({ ...held, artefact: 'made' }),
        );
        await whenConnected(() => gateway.owner.verdict.approve.mutate({ project, change, tree }));
      }
    }
  }

  it('never gives a task to two, nor overlapping tasks side by side', async () => {
    console.log(`seed ${seed}`);
    const hands = await Promise.all(
      Array.from({ length: 50 }, (_, i) => line.mint(`agent:c${i}`, { w: ['**'], budget: { commits: 1 } })),
    );
    await waitUntil(() =>
      second
        .client(hands[49]?.token ?? '')
        .task.list.query({ project, state: 'done' })
        .then(() => true),
    );
    const started = performance.now();
    for (let rounds = 0; rounds < 20; rounds++) {
      await Promise.all(
        hands.map((hand, i) => work(hand, i % 2 === 0 ? line : second, random(seed + i + rounds * 50))),
      );
      if ((await line.owner.task.list.query({ project, state: 'ready' })).length === 0) break;
    }
    const seconds = (performance.now() - started) / 1000;
    const events = await line.events();
    const claims = events.filter(({ type }) => type === 'task.claimed');
    console.log(`${claims.length} claims in ${seconds.toFixed(1)} s`);
    const keys = claims.map(({ subject, data }) => `${subject}/${data.epoch}`);
    expect(new Set(keys).size).toBe(keys.length);
    const running = new Map<string, string>();
    const counts = new Map<string, number>();
    for (const { type, subject } of events) {
      const [, id = ''] = subject.split('/');
      const group = /^(g\d+)-/.exec(id)?.[1];
      if (type === 'task.claimed') counts.set(id, (counts.get(id) ?? 0) + 1);
      if (group === undefined) continue;
      if (type === 'task.claimed') {
        expect(running.get(group), `${id} beside ${running.get(group)}`).toBeUndefined();
        running.set(group, id);
      }
      if (type === 'task.done' || type === 'task.released') running.delete(group);
    }
    for (let i = 0; i < alone; i++) expect(counts.get(`a${i}`), `a${i}`).toBe(1);
    const tasks = await line.owner.task.list.query({ project });
    expect(tasks.filter(({ id, state }) => id.startsWith('g') && state !== 'done')).toEqual([]);
  });
});

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Caller } from '../../src/app.ts';
import { statement } from '../../src/store/store.ts';
import { startTestGateway, type TestGateway } from '../support/gateway.ts';
import { type Hand, type Line, openLine } from '../support/line.ts';
import { planHead } from '../support/plan-head.ts';
import { random } from '../support/random.ts';
import { seed } from '../support/seed.ts';
import { sized } from '../support/size.ts';

const project = 'shop';
const rounds = sized(60, 1000);
const landingRounds = sized(10, 30);
const claimants = 4;
const tasks = Array.from({ length: 60 }, (_, n) => `t${n}`);
const landing = Array.from({ length: landingRounds }, (_, n) => `l${n}`);
const plan = `${planHead({ done: 'artefact' })}
lease: 1h
tasks:
${tasks.map((id) => `  ${id}: { title: T, phase: build, done: artefact }`).join('\n')}
${landing.map((id) => `  ${id}: { title: L, phase: build, priority: low, requires: [land], write: ["${id}/**"], done: landed }`).join('\n')}
`;
const rootCause = {
  whys: [{ why: 'a test pulled it', evidence: 'this test' }],
  kind: 'test' as const,
  prevention: 'nothing is wrong',
};

describe('a red stop against those who work on, through two gateways of one database', () => {
  let line: Line;
  let second: TestGateway;
  let folder: string;
  let owner: Caller;
  let ownerThere: Caller;
  let hands: Hand[];
  let atPoint = (_point: string): void => {};
  beforeAll(async () => {
    line = await openLine('postgres', {
      plan,
      extras: { at: (point) => atPoint(point) },
    });
    folder = mkdtempSync(join(tmpdir(), 'andon-second-'));
    const config = { dataFolder: join(line.folder, 'data') };
    const databaseUrl = line.databaseUrl ?? '';
    second = await startTestGateway('postgres', {
      folder,
      config,
      databaseUrl,
      extras: { at: (point) => atPoint(point) },
    });
    owner = line.app.caller(line.ownerToken());
    ownerThere = second.app.caller(line.ownerToken());
    hands = await Promise.all(
      Array.from({ length: claimants }, (_, i) =>
        line.mint(`agent:c${i}`, { budget: { commits: 500, files: 1000, lines: 10_000 } }),
      ),
    );
  });
  afterAll(async () => {
    await second.close();
    await line.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const rows = <R>(text: string, params: unknown[] = []): Promise<R[]> =>
    line.app.gateway.store.rows<R>(statement('', text), params);

  /** Number of claims and steals so far: each of them raises the epoch of a task. */
  const granted = async (): Promise<number> =>
    (await rows<{ n: number }>('select sum(epoch)::int as n from tasks where project = $1', [project]))[0]
      ?.n ?? -1;
  /** Resets all tasks to a state before any claim. */
  const freeAll = () =>
    rows(
      `update tasks set state = 'ready', holder = null, holder_gid = null, lease_until = null, preferred = null
       where project = $1 and id like 't%' and state = 'in_progress'`,
      [project],
    );

  it(`accepts no claim and no steal after it was acknowledged, ${rounds} times`, async () => {
    console.log(`seed ${seed}`);
    const draw = random(seed);
    let running = true;
    let calls = 0;
    // Closed once a round has been examined, until the line runs again: polling would only take time.
    let open = Promise.resolve();
    const flying = new Set<Promise<unknown>>();
    const fly = async (call: Promise<unknown>): Promise<void> => {
      const flight = call.catch(() => undefined);
      flying.add(flight);
      await flight;
      flying.delete(flight);
      calls++;
      await turn();
      await open;
    };
    const claiming = hands.map(async ({ token }, i) => {
      const caller = (i % 2 === 0 ? line : second).app.caller(token);
      // Every fourth names its task.
      while (running)
        await fly(
          caller.task.claim(
            i % 4 === 3 ? { project, task: tasks[calls % tasks.length] ?? 't0' } : { project },
          ),
        );
    });
    const stealing = [owner, ownerThere].map(async (caller, i) => {
      while (running) {
        const task = tasks[Math.floor(draw() * 10)] ?? 't0';
        await fly(caller.task.steal({ project, task, to: `agent:c${i}`, why: 'race' }));
      }
    });
    let late = 0;
    let before = 0;
    const acknowledged: number[] = [];
    try {
      for (let round = 0; round < rounds; round++) {
        const start = await granted();
        // At any moment of the work: a claim is a millisecond or two.
        const until = performance.now() + draw() * 4;
        while (performance.now() < until) await turn();
        const scope = draw() < 0.2 ? { project: '*', scope: 'all' } : { project, scope: 'project' };
        const asked = performance.now();
        const { stop } = await (draw() < 0.5 ? owner : ownerThere).cord.pull({
          ...scope,
          colour: 'red',
          why: 'race',
        });
        acknowledged.push(performance.now() - asked);
        const atOnce = granted();
        const inFlight = [...flying];
        const first = await atOnce;
        await Promise.all(inFlight);
        const last = await granted();
        before += first - start;
        late += last - first;
        const { promise, resolve } = deferred<void>();
        open = promise;
        await freeAll();
        await owner.cord.clear({ project: scope.project, stop, rootCause });
        resolve();
      }
    } finally {
      running = false;
      await Promise.all([...claiming, ...stealing]);
      await freeAll();
    }
    acknowledged.sort((a, b) => a - b);
    const p50 = acknowledged[Math.floor(rounds / 2)]?.toFixed(1);
    console.log(
      `${rounds} stops: ${calls} calls raced, ${before} granted before, ${late} after the acknowledgement; ` +
        `pull p50 ${p50} ms`,
    );
    expect(late).toBe(0);
    expect(before).toBeGreaterThan(rounds / 2);
    expect(await unordered()).toEqual([]);
  });

  /**
   * Claims that were granted between a stop and its end, by the order in which events were written under the
   * locks.
   */
  const unordered = () =>
    rows(
      `select e.seq, e.type, e.subject from events e where e.project = $1 and e.type in ('task.claimed', 'task.stolen', 'landing.intended')
         and exists (select from events p join events c on c.project = p.project and c.subject = p.subject and c.type = 'cord.cleared'
           where p.project = $1 and p.type = 'cord.pulled' and p.data->>'scope' in ('project', 'all') and e.seq between p.seq and c.seq)`,
      [project],
    );

  it(`moves main no more after it was acknowledged, ${landingRounds} times at any point of a landing`, async () => {
    const draw = random(seed + 1);
    const builder = await line.mint('agent:builder', {
      skills: ['land'],
      budget: { commits: 500, files: 1000, lines: 10_000 },
    });
    const reviewer = await line.mint('agent:reviewer', { tier: 'validator' });
    const points = ['before-intent', 'after-intent', 'after-move', 'after-done'];
    const seen = { landed: 0, held: 0 };
    for (const [round, task] of landing.entries()) {
      const offered = await line.offer(builder, task, { [`${task}/a.txt`]: task });
      const main = await line.main();
      const caller = round % 2 === 0 ? owner : ownerThere;
      const wanted = points[round % points.length];
      const { promise: pulled, resolve, reject } = deferred<{ stop: string; main: string }>();
      let asked = false;
      const pull = (): void => {
        if (asked) return;
        asked = true;
        caller.cord
          .pull({ project, colour: 'red', scope: round % 3 === 0 ? `task/${task}` : 'project', why: 'race' })
          .then(async ({ stop }) => resolve({ stop, main: await line.main() }))
          .catch(reject);
      };
      atPoint = (point) => {
        if (point === wanted) setTimeout(pull, draw() * 3);
      };
      // Half of them at no point in particular.
      if (round % 8 >= 4) setTimeout(pull, draw() * 40);
      await reviewer.client.verdict.approve.mutate({ project, change: offered.change, tree: offered.tree });
      const { stop, main: atOnce } = await pulled;
      atPoint = () => {};
      await line.app.workers.tick();
      await second.app.workers.tick();
      const { state } = await line.change(offered.change);
      expect(await line.main()).toBe(atOnce);
      expect(state).toBe(atOnce === main ? 'approved' : 'landed');
      seen[state === 'landed' ? 'landed' : 'held']++;
      await owner.cord.clear({ project, stop, rootCause });
      await line.until(offered.change, 'landed');
    }
    console.log(
      `landings against a stop: ${seen.landed} had moved main before, ${seen.held} were held and landed later`,
    );
    expect(seen.held).toBeGreaterThan(0);
    expect(seen.landed).toBeGreaterThan(0);
    expect(await unordered()).toEqual([]);
    expect((await line.owner.audit.verify.query({ project: '*' })).fault).toBeNull();
  });
});

function deferred<T>() {
  let resolve: (value: T) => void = () => {};
  let reject: (error: unknown) => void = () => {};
  const promise = new Promise<T>((settle, refuse) => {
    resolve = settle;
    reject = refuse;
  });
  return { promise, resolve, reject };
}

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { cleanEnvironment, cli } from '../../support/cli.ts';
import { type Engine, enginesOf } from '../../support/engines.ts';
import { type Hand, type Line, openLine } from '../../support/line.ts';

const project = 'shop';
const head = `
version: 1
project: shop
done: landed
phases: [build, later]
tasks:
  wide: { title: Wide, phase: build, write: ["lib/**"], priority: high }
  skilled: { title: Skilled, phase: build, write: ["src/x/**"], requires: [sql] }
  near: { title: Near, phase: build, write: ["src/near/**"] }
  late: { title: Late, phase: later, write: ["lib/late/**"], needs: [near] }
`;

describe.each(enginesOf(import.meta.filename))('who may claim what waits, on %s', (engine: Engine) => {
  const folder = mkdtempSync(join(tmpdir(), 'andon-waiting-'));
  let line: Line;
  let hand: Hand;
  const plan = join(folder, 'andon.yaml');
  beforeAll(async () => {
    line = await openLine(engine, { plan: head });
  });
  afterAll(async () => {
    await line.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const barred = async (client: Line['owner']) =>
    Object.fromEntries(
      (await client.task.waiting.query({ project })).map((row) => [
        row.task,
        row.barred.map(({ code }) => code),
      ]),
    );
  const beyond = async () =>
    (await line.owner.task.waiting.query({ project }))
      .filter((row) => row.beyondAgents)
      .map(({ task }) => task);
  const andon = (token: string, ...args: string[]) =>
    cli(args, {
      cwd: folder,
      env: {
        ...cleanEnvironment(join(folder, 'home')),
        ANDON_URL: line.url,
        ANDON_PROJECT: project,
        ANDON_TOKEN: token,
      },
    });
  const owner = (...args: string[]) => andon(line.ownerToken(), ...args);

  it('is told to each caller by the rule of the claim, and only of ready tasks', async () => {
    expect(await beyond()).toEqual([]);
    hand = await line.mint('agent:one', { w: ['src/**'], skills: ['typescript'] });
    expect(await barred(hand.client)).toEqual({
      wide: ['task.scope'],
      skilled: ['task.capability'],
      near: [],
      late: [],
    });
    expect(await barred(line.owner)).toEqual({ wide: [], skilled: [], near: [], late: [] });
    const judge = await line.mint('agent:judge', { tier: 'validator', role: 'VALIDATOR' });
    expect((await barred(judge.client)).near).toContain('grant.tier');
  });

  it('names what no agent may claim, until one may', async () => {
    expect(await beyond()).toEqual(['wide', 'skilled', 'late']);
    const { stdout } = await owner('task', 'waiting');
    expect(stdout).toMatch(
      /^late .* waits for near \(ready\) and phase later and an agent whose token may claim it$/m,
    );
    expect((await owner('status')).stdout).toMatch(/wide .* an agent whose token may claim it/);
    expect((await owner('why', 'wide')).stdout).toContain('an agent whose token may claim it');
    // A grant of one task was made for that task.
    await line.mint('agent:bound', { w: ['**'], skills: ['*'], task: 'near' });
    expect(await beyond()).toEqual(['wide', 'skilled', 'late']);
    const { grant } = await line.mint('agent:all', { w: ['**'], skills: ['*'] });
    expect(await beyond()).toEqual([]);
    await line.owner.token.revoke.mutate({ project, kind: 'grant', value: grant, why: 'test' });
    expect(await beyond()).toEqual(['wide', 'skilled', 'late']);
  });

  it('is what `task next` and the briefing name', async () => {
    const next = async () => JSON.parse((await andon(hand.token, 'task', 'next', '--json')).stdout);
    expect((await next()).task.id).toBe('near');
    const headline = async () => (await hand.client.briefing.show.query({ project })).headline;
    expect(await headline()).toBe('You hold no task. Next: andon task claim (near). No blockers.');
    await line.owner.task.claim.mutate({ project, task: 'near' });
    const { exit, stdout } = await andon(hand.token, 'task', 'next');
    expect(exit).toBe(8);
    expect(stdout.split('\n')).toEqual([
      'nothing that you may claim: 2 ready',
      'wide: task.scope, lib/\u0000, limit src/**'.replace('\u0000', stdout.match(/lib\/([^,]*)/)?.[1] ?? ''),
      'skilled: task.capability, without sql',
      '',
    ]);
    expect(await headline()).toBe(
      'You hold no task, and none is ready for you. Say so and stop. No blockers.',
    );
  });

  it('is noted where a plan is applied, of what it adds or changes', async () => {
    writeFileSync(plan, `${head}  docs: { title: Docs, phase: build, write: ["docs/**"] }\n`);
    const { exit, stderr } = await owner('plan', 'apply', plan);
    expect([exit, stderr]).toEqual([
      0,
      "applied\nnote: no agent's token may claim docs: mint one that covers them: andon token mint --agent agent:…\n",
    ]);
    writeFileSync(plan, `${head}  docs: { title: Docs, phase: build, write: ["src/docs/**"] }\n`);
    expect((await owner('plan', 'apply', plan)).stderr).toBe('applied\n');
  });

  it('a time to wait is wrong use where nothing waits', async () => {
    for (const option of [['--timeout', '10m'], ['--until-done']]) {
      const { exit, stderr } = await andon(hand.token, 'task', 'claim', ...option);
      expect([exit, stderr]).toEqual([
        2,
        expect.stringContaining(`andon task claim --wait ${option.join(' ')}`),
      ]);
    }
  });
});

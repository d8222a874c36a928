import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestGateway, type TestGateway } from '../../support/gateway.ts';
import { codesOf, type Line, openLine } from '../../support/line.ts';
import { planHead } from '../../support/plan-head.ts';
import { timeSlack } from '../../support/slack.ts';
import { waitUntil } from '../../support/wait.ts';

const plan = `
${planHead()}
tasks:
  cart: { title: Cart, phase: build, write: ["src/cart/**"] }
`;
const project = 'shop';
const tries = 50;
const rounds = 3;
const refusedMsMax = 100 * timeSlack;

describe('revocation over two gateways of one database', () => {
  let line: Line;
  let second: TestGateway;
  let folder: string;
  beforeAll(async () => {
    line = await openLine('postgres', { plan });
    folder = mkdtempSync(join(tmpdir(), 'andon-second-'));
    const config = { dataFolder: join(line.folder, 'data') };
    second = await startTestGateway('postgres', { folder, config, databaseUrl: line.databaseUrl ?? '' });
  });
  afterAll(async () => {
    await second.close();
    await line.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const looks = (token: string) => second.client(token).task.list.query({ project });

  /** Milliseconds from the acknowledged revocation until a query elsewhere is refused. */
  async function delay(i: number): Promise<number> {
    const hand = await line.mint(`agent:r${i}`);
    await looks(hand.token);
    const one = (['grant', 'agent', 'token'] as const)[i % 3] ?? 'grant';
    const jti = (await hand.client.token.explain.query({ project })).token ?? '';
    const value = { grant: hand.grant, agent: hand.agent, token: jti }[one];
    await line.owner.token.revoke.mutate({ project, kind: one, value, why: 'test' });
    const started = performance.now();
    // The lock makes a mutation elsewhere read the database: it is refused at once, even when memory does not
    // know.
    if (i % 2 === 0)
      expect(await codesOf(second.client(hand.token).task.claim.mutate({ project }))).toEqual([
        'token.revoked',
      ]);
    for (;;) {
      const codes = await looks(hand.token).then(
        () => [],
        () => ['refused'],
      );
      if (codes.length > 0) return performance.now() - started;
      expect(performance.now() - started).toBeLessThan(3000 * timeSlack);
    }
  }

  /** The slowest but 1% of a round of revocations, in ms. */
  async function slowest(round: number): Promise<number> {
    const delays: number[] = [];
    for (let i = 0; i < tries; i++) delays.push(await delay(round * tries + i));
    delays.sort((a, b) => a - b);
    const [p50 = 0, p99 = 0] = [0.5, 0.99].map((share) => delays[Math.ceil(share * tries) - 1]);
    console.log(
      `queries refused elsewhere after p50 ${p50.toFixed(1)} ms, p99 ${p99.toFixed(1)} ms (limit ${refusedMsMax}), of ${tries}`,
    );
    return p99;
  }

  // Everything runs on one shared machine in one process, so a disturbed round is measured again.
  it('binds the next mutation at once, and queries on the other gateway within 100 ms (p99)', async () => {
    let best = Number.POSITIVE_INFINITY;
    for (let round = 0; round < rounds && best >= refusedMsMax; round++)
      best = Math.min(best, await slowest(round));
    expect(best).toBeLessThan(refusedMsMax);
  });

  it('carries a raised epoch and a revoked parent over', async () => {
    const lead = await line.mint('agent:lead', { tier: 'executive' });
    const child = await line.mint('agent:child', {}, {}, lead.client);
    await looks(child.token);
    await line.owner.token.revoke.mutate({ project, kind: 'grant', value: lead.grant, why: 'test' });
    expect(await codesOf(second.client(child.token).task.claim.mutate({ project }))).toEqual([
      'token.revoked',
    ]);
    await waitUntil(() =>
      looks(child.token).then(
        () => false,
        () => true,
      ),
    );
    const hand = await line.mint('agent:before');
    await line.owner.token.raiseEpoch.mutate({ project, why: 'test' });
    expect(await codesOf(second.client(hand.token).task.claim.mutate({ project }))).toEqual([
      'token.revoked',
    ]);
    await waitUntil(() =>
      looks(hand.token).then(
        () => false,
        () => true,
      ),
    );
  });

  it('verifies tokens of a key that the other gateway rotated to', async () => {
    await line.owner.token.rotateKey.mutate({ project: '*' });
    const hand = await line.mint('agent:new-key');
    await waitUntil(() =>
      looks(hand.token).then(
        () => true,
        () => false,
      ),
    );
    const theirs = await second.owner.token.mint.mutate({ project, agent: 'agent:theirs', cap: {} });
    await line.client(theirs.token ?? '').task.list.query({ project });
  });

  it('refuses a query as soon as memory may be old, and says so', async () => {
    const hand = await line.mint('agent:reader');
    await looks(hand.token);
    await second.app.gateway.feed.close();
    await waitUntil(() => second.app.gateway.feed.silentMs > 3000, 10_000);
    expect(await codesOf(looks(hand.token))).toEqual(['gateway.unready']);
    expect((await fetch(`${second.url}/readyz`)).status).toBe(503);
  });
});

import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { enginesOf } from '../support/engines.ts';
import {
  git,
  mustGit,
  sourceRepository,
  startTestGateway,
  type TestGateway,
  write,
} from '../support/gateway.ts';
import { waitUntil } from '../support/wait.ts';

const plan = `
version: 1
project: shop
done: landed
phases: [build, harden]
gates:
  tests: { run: node --test, timeout: 1m }
tasks:
  cart:
    title: Cart
    phase: build
    write: ["src/cart/**"]
    gates: [tests]
  pay:
    title: Pay
    phase: harden
    needs: [cart]
    write: ["src/pay/**"]
`;

describe.each(enginesOf(import.meta.filename))(
  'from a capability token to a commit on main, on %s',
  (engine) => {
    let gateway: TestGateway;
    let work: string;
    let builder: string;
    let reviewer: string;

    beforeAll(async () => {
      gateway = await startTestGateway(engine);
      const source = await sourceRepository({ 'README.md': '# shop\n', 'src/cart/.keep': '' });
      await gateway.owner.project.create.mutate({ project: 'shop', source });
      await gateway.owner.plan.put.mutate({ project: 'shop', text: plan });
      const mint = (agent: string, tier: 'implementer' | 'validator') =>
        gateway.owner.token.mint.mutate({ project: 'shop', agent, cap: { tier } });
      builder = (await mint('agent:builder', 'implementer')).token ?? '';
      reviewer = (await mint('agent:reviewer', 'validator')).token ?? '';
      work = mkdtempSync(join(tmpdir(), 'andon-work-'));
    });
    afterAll(() => gateway.close());

    const auth = () => ({ url: gateway.url, token: builder });

    it('claims, is refused outside the scope, mends, submits, is approved and lands', async () => {
      const claimed = await gateway.client(builder).task.claim.mutate({ project: 'shop' });
      expect(claimed.task?.id).toBe('cart');
      await mustGit(work, ['clone', '-q', `${gateway.url}/git/shop.git`, 'shop'], auth());
      const clone = join(work, 'shop');
      write(clone, {
        'src/pay/charge.ts': 'export const charge = 1;\n',
        'src/cart/add.ts': 'export const add = 1;\n',
      });
      await mustGit(clone, ['add', '-A']);
      await mustGit(clone, ['commit', '-q', '-m', 'too much']);
      const refused = await git(clone, ['push', 'origin', `HEAD:${claimed.branch}`], auth());
      expect(refused.code).not.toBe(0);
      expect(refused.err).toContain('scope.write');
      expect(refused.err).toContain('src/pay/charge.ts');
      await mustGit(clone, ['rm', '-q', '--cached', 'src/pay/charge.ts']);
      await mustGit(clone, ['commit', '-q', '--amend', '-m', 'cart only']);
      await mustGit(clone, ['push', '-q', 'origin', `HEAD:${claimed.branch}`], auth());
      const commit = await mustGit(clone, ['rev-parse', 'HEAD']);
      const submitted = await gateway
        .client(builder)
        .change.submit.mutate({ project: 'shop', task: 'cart', epoch: claimed.task?.epoch ?? 0, commit });
      await waitUntil(
        async () =>
          (await gateway.owner.change.show.query({ project: 'shop', change: submitted.change })).state ===
          'judging',
      );
      const own = gateway
        .client(builder)
        .verdict.approve.mutate({ project: 'shop', change: submitted.change, tree: submitted.tree });
      await expect(own).rejects.toMatchObject({ data: { andon: { code: 'grant.tier' } } });
      await gateway
        .client(reviewer)
        .verdict.approve.mutate({ project: 'shop', change: submitted.change, tree: submitted.tree });
      await waitUntil(
        async () =>
          (await gateway.owner.change.show.query({ project: 'shop', change: submitted.change })).state ===
          'landed',
      );
      await mustGit(clone, ['fetch', '-q', 'origin'], auth());
      const message = await mustGit(clone, ['log', '-1', '--format=%B', 'origin/main']);
      expect(message).toContain(`Andon-Change: ${submitted.change}`);
      const audit = /Andon-Audit: (\S+)/.exec(message)?.[1];
      await waitUntil(async () => {
        const { events } = await gateway.owner.event.list.query({ project: 'shop', limit: 1000 });
        return (
          events.some((event) => event.id === audit && event.type === 'landing.intended') &&
          events.some(({ type }) => type === 'change.landed')
        );
      });
      const tasks = await gateway.owner.task.list.query({ project: 'shop' });
      expect(tasks.map(({ id, state }) => [id, state])).toEqual([
        ['cart', 'done'],
        ['pay', 'ready'],
      ]);
    });

    it('keeps a log that verifies', async () => {
      const result = await gateway.owner.audit.verify.query({ project: '*' });
      expect(result.fault).toBeNull();
      expect(result.events).toBeGreaterThan(8);
    });
  },
);

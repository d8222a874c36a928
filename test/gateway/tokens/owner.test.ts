import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { statement } from '../../../src/store/store.ts';
import type { WireCapability } from '../../../src/tiers/wire.ts';
import { createDatabase } from '../../support/engines.ts';
import { startTestGateway, type TestGateway } from '../../support/gateway.ts';
import { waitUntil } from '../../support/wait.ts';

const isOwners = `agent = 'human:owner' and parent is null`;
const narrow = statement(
  '',
  `update grants set cap = jsonb_set(jsonb_set(cap, '{ops}', $1::jsonb), '{budget,children}', '5'),
     left_budget = jsonb_set(left_budget, '{children}', '3') where ${isOwners}`,
);
const held = statement('', `select cap, left_budget as "leftBudget" from grants where ${isOwners}`);

describe('the grant of the owner, stored by an earlier version', () => {
  const folder = mkdtempSync(join(tmpdir(), 'andon-owner-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  let databaseUrl: string;

  const during = async (work: (gateway: TestGateway) => Promise<void>): Promise<void> => {
    const gateway = await startTestGateway('postgres', { folder, databaseUrl });
    await work(gateway).finally(() => gateway.close());
  };
  const capOf = async ({ app }: TestGateway) => {
    const [row] = await app.gateway.store.rows<{ cap: WireCapability; leftBudget: { children: number } }>(
      held,
    );
    return row ?? expect.fail('no grant');
  };
  const updates = async ({ owner }: TestGateway) =>
    (await owner.event.list.query({ project: '*', limit: 1000 })).events.filter(
      ({ type }) => type === 'grant.updated',
    );

  it('gets what this version adds, with an event, and keeps what it had spent', async () => {
    databaseUrl = await createDatabase();
    await during(async (gateway) => {
      const { cap } = await capOf(gateway);
      const ops = cap.ops.filter((one) => one !== 'trigger:create' && one !== 'run:stop');
      await gateway.app.gateway.store.rows(narrow, [JSON.stringify([...ops, 'moon:land'])]);
    });
    await during(async (gateway) => {
      const { cap, leftBudget } = await capOf(gateway);
      expect(cap.ops).toEqual(expect.arrayContaining(['trigger:create', 'run:stop']));
      expect(cap.budget.children - leftBudget.children).toBe(2);
      await waitUntil(async () => (await updates(gateway)).length === 1);
      const [{ data, actor } = expect.fail('no event')] = await updates(gateway);
      expect(actor).toBe('gateway');
      expect((data as { added: string[] }).added.sort()).toEqual(['run:stop', 'trigger:create']);
      const { may } = await gateway.owner.token.explain.query({ project: '*' });
      expect(may.map(({ action }) => action)).toContain('trigger:create');
    });
  });

  it('keeps what a later version gave, and is left alone by a start that adds nothing', async () => {
    await during(async (gateway) => {
      const { cap } = await capOf(gateway);
      expect(cap.ops).toContain('moon:land');
      await gateway.owner.project.list.query({});
      const payload = Buffer.from(gateway.ownerToken().split('.')[1] ?? '', 'base64url').toString();
      expect((JSON.parse(payload) as { cap: WireCapability }).cap.ops).toContain('+moon:land');
      expect(await updates(gateway)).toHaveLength(1);
    });
  });
});

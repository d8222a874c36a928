import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { statement } from '../../../src/store/store.ts';
import { startTestGateway, type TestGateway } from '../../support/gateway.ts';
import { passTime } from '../../support/line.ts';
import { waitUntil } from '../../support/wait.ts';

describe('the hourly look at the log', () => {
  let gateway: TestGateway;
  let second: TestGateway;
  let folder: string;
  beforeAll(async () => {
    gateway = await startTestGateway('postgres');
    // A gateway with keys of its own, as on another machine.
    folder = mkdtempSync(join(tmpdir(), 'andon-second-'));
    second = await startTestGateway('postgres', { folder, databaseUrl: gateway.databaseUrl ?? '' });
  });
  afterAll(async () => {
    await second.close();
    await gateway.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const sequenced = () => waitUntil(async () => (await gateway.app.workers.verifyLog()).unsequenced === 0);
  const open = () =>
    gateway.app.gateway.store.rows<{ id: string }>(
      statement('', 'select id from stops where cleared_at is null'),
    );

  it('takes no checkpoint for forged that another gateway signed with keys of its own', async () => {
    await sequenced();
    await gateway.owner.project.create.mutate({ project: 'more' });
    await sequenced();
    await second.app.workers.checkpoint();
    const found = await gateway.app.workers.verifyLog();
    expect(found.fault).toBeNull();
    expect(found.checkpoints).toBeGreaterThan(0);
    expect(await open()).toEqual([]);
  });

  it('takes no checkpoint for forged whose key was retired long ago', async () => {
    await gateway.app.workers.checkpoint();
    await gateway.owner.token.rotateKey.mutate({ project: '*' });
    await passTime(13 * 3_600_000, gateway);
    await gateway.app.owner.refresh();
    expect((await gateway.app.workers.verifyLog()).fault).toBeNull();
    expect(await open()).toEqual([]);
  });

  it('stops every project when a checkpoint was forged', async () => {
    const { store } = gateway.app.gateway;
    const { workers } = gateway.app;
    await sequenced();
    await workers.checkpoint();
    // The owner of the database can do this.
    await store.rows(statement('', 'alter table checkpoints disable trigger all'));
    await store.rows(
      statement(
        '',
        `update checkpoints set signature = 'e30.e30.AAAA' where position = (select max(position) from checkpoints)`,
      ),
    );
    await workers.maintain();
    expect(await open()).toHaveLength(1);
    const { stops } = await gateway.owner.cord.status.query({ project: 'more' });
    expect(stops).toMatchObject([{ colour: 'red', cause: 'audit', project: '*', pulledBy: 'gateway' }]);
    expect(stops[0]?.why).toContain('a checkpoint with a bad signature');
  });
});

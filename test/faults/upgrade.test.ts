import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { createEmptyDatabase, type Engine, engines } from '../support/engines.ts';
import { compiledGatewayAt } from '../support/fault-build.ts';
import { type FaultGateway, startFaultGateway } from '../support/fault-gateway.ts';
import { sourceRepository } from '../support/gateway.ts';
import { waitUntil } from '../support/wait.ts';

/** The commit before names were bound, the log had a mark and tools were protected by the program. */
const before = '6175678d0c33ca0762bc6d864dd18edb1c10dc18';
const program = compiledGatewayAt(before);

const project = 'shop';
const plan = `version: 1
project: ${project}
done: landed
lease: 30m
phases: [build]
protect: ["deploy/**"]
gates: { review: { by: validator } }
agents:
  lead: { tier: executive, adapter: command, run: "true" }
  builder: { tier: implementer, adapter: command, run: "true" }
tasks:
  all: { title: Everything, phase: build, write: ["**"], gates: [review] }
  other: { title: Other, phase: build, write: ["other/**"], needs: [all] }
`;

describe.skipIf(program === undefined).each(engines)(
  'what an earlier version left, on %s',
  (engine: Engine) => {
    const folder = mkdtempSync(join(tmpdir(), 'andon-upgrade-'));
    let gateway: FaultGateway | undefined;
    afterAll(async () => {
      await gateway?.destroy();
      rmSync(folder, { recursive: true, force: true });
    });

    it('goes on: names and grants are kept and listed, runs in flight stay, the mark begins, people are told once of the protection', async () => {
      const databaseUrl = engine === 'postgres' ? { databaseUrl: await createEmptyDatabase() } : {};
      const source = await sourceRepository({ 'README.md': '# shop\n' });
      gateway = await startFaultGateway({
        folder,
        ...databaseUrl,
        ...(program === undefined ? {} : { program }),
      });
      const { owner } = gateway;
      await owner.project.create.mutate({ project, source });
      await owner.plan.put.mutate({ project, text: plan });
      const { token: leadToken = '', grant: leadGrant } = await owner.token.mint.mutate({
        project,
        agent: 'agent:lead',
        profile: 'lead',
        grantSeconds: 3600,
      });
      const lead = gateway.client(leadToken);
      // The earlier version let an executive do all of this.
      const impostor = await lead.token.mint.mutate({
        project,
        agent: 'human:owner',
        profile: 'builder',
        grantSeconds: 7200,
      });
      const { token: builderToken = '' } = await lead.token.mint.mutate({
        project,
        agent: 'agent:b',
        profile: 'builder',
      });
      const claimed = await gateway.client(builderToken).task.claim.mutate({ project, task: 'all' });
      const { run } = await owner.agent.spawn.mutate({ project, profile: 'lead' });
      const events = (await owner.event.list.query({ project, after: 0, limit: 500 })).latest;
      await gateway.close();
      expect(existsSync(join(folder, 'state/log-mark.json'))).toBe(false);

      gateway = await startFaultGateway({ folder, ...databaseUrl });
      const { owner: now } = gateway;
      const verified = await now.audit.verify.query({ project: '*' });
      expect(verified).toMatchObject({ fault: null, below: null });
      expect(verified.position).toBeGreaterThanOrEqual(events);
      expect(existsSync(join(folder, 'state/log-mark.json'))).toBe(true);
      const kept = await now.token.kept.query({ project });
      expect(kept.find(({ gid }) => gid === impostor.grant)?.reasons.length).toBeGreaterThan(0);
      expect(kept.map(({ gid }) => gid)).not.toContain(leadGrant);
      expect((await now.run.show.query({ project, run })).state).toMatch(/requested|waiting/);
      // The holder goes on with its lease.
      const epoch = claimed.task?.epoch ?? 0;
      await gateway.client(builderToken).task.renew.mutate({ project, task: 'all', epoch });
      const told = async () =>
        (await now.message.list.query({ project, limit: 50 })).filter(({ title, body }) =>
          /protect/i.test(`${title} ${body}`),
        ).length;
      await waitUntil(async () => (await told()) === 1);
      // Applying the same plan once more is no change, for anybody.
      expect(await now.plan.diff.query({ project, text: plan })).toMatchObject({
        added: [],
        changed: [],
        removed: [],
      });
      await gateway.close();
      gateway = await startFaultGateway({ folder, ...databaseUrl });
      expect(
        (await gateway.owner.message.list.query({ project, limit: 50 })).filter(({ title, body }) =>
          /protect/i.test(`${title} ${body}`),
        ),
      ).toHaveLength(1);
      rmSync(source, { recursive: true, force: true });
    });
  },
);

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { statement } from '../../src/store/store.ts';
import { createDatabase, type Engine, enginesOf } from '../support/engines.ts';
import { startTestGateway, type TestGateway } from '../support/gateway.ts';
import { type Line, openLine } from '../support/line.ts';
import { planHead } from '../support/plan-head.ts';

const project = 'shop';
const plan = `
${planHead()}
gates: { tests: { run: make test } }
tasks:
  wide: { title: Wide, phase: build, write: ["**"], gates: [tests] }
  named: { title: Named, phase: build, write: ["docs/**", "package.json"] }
`;
const makefile = 'test:\n\tfalse\n';

/** Makes a line in a new place, with the functions that end its gateway and start it again there. */
async function withLine(
  engine: Engine,
  work: (line: Line, again: () => Promise<TestGateway>) => Promise<void>,
): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'andon-protected-'));
  const place = { folder, ...(engine === 'postgres' ? { databaseUrl: await createDatabase() } : {}) };
  const line = await openLine(engine, { plan, files: { Makefile: makefile }, ...place });
  let open: Pick<TestGateway, 'close'> = line;
  try {
    await work(line, async () => {
      await open.close();
      const started = await startTestGateway(engine, place);
      open = started;
      return started;
    });
  } finally {
    await open.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Entries of plans, copied into tasks, from before the table was part of the program. */
const listed = ['andon.yaml', 'package.json', '**/package.json', 'Makefile', '**/Makefile', '.github/**'];

/** Leaves the database in the state of a gateway of that time. */
async function asBefore({ app }: Line): Promise<void> {
  const { store } = app.gateway;
  const run = (text: string, values: unknown[] = []) => store.rows(statement('', text), values);
  await run(`update tasks set deny = $1`, [listed]);
  await run(
    `update projects set protection_told = false, plan = jsonb_set(plan, '{protect}', $1::jsonb) where name <> '*'`,
    [JSON.stringify(listed)],
  );
}

describe.each(enginesOf(import.meta.filename))('files that steer a gate, on %s', (engine) => {
  it('are closed to a scope of everything, and no copy of the table is in the task, the claim or the token', async () => {
    await withLine(engine, async (line) => {
      const builder = await line.mint('agent:b');
      const { task, branch } = await builder.client.task.claim.mutate({ project, task: 'wide' });
      expect(task?.deny).toEqual([]);
      expect((await line.task('wide')).deny).toEqual([]);
      const fake = { GNUmakefile: 'test:\n\ttrue\n', 'sub/MAKEFILE': 'x', 'src/a.txt': 'a\n' };
      const commit = await line.commit(fake);
      await expect(line.push(builder, branch ?? '', commit)).rejects.toThrow(
        /scope\.protected +GNUmakefile +protected, read by make/,
      );
      await expect(line.push(builder, branch ?? '', commit)).rejects.toThrow(/sub\/MAKEFILE/);
      await expect(line.push(builder, branch ?? '', commit)).rejects.not.toThrow(/outside/);
      // A person opens the tool while the work goes on, and only a person can.
      const opened = plan.replace('write: ["**"]', 'write: ["**"], unprotect: [make]');
      const lead = await line.mint('agent:lead', { tier: 'executive' });
      await expect(lead.client.plan.put.mutate({ project, text: opened })).rejects.toThrow(
        /tasks.wide.unprotect/,
      );
      const applied = await line.owner.plan.put.mutate({ project, text: opened });
      expect(applied.changed).toEqual([{ task: 'wide', members: ['unprotect'] }]);
      await line.push(builder, branch ?? '', commit);
    });
  });

  it('that a task names without the right to them keep nobody from its other work', async () => {
    await withLine(engine, async (line) => {
      const writer = await line.mint('agent:w', { w: ['docs/**'] });
      const { task } = await writer.client.task.claim.mutate({ project, task: 'named' });
      expect(task?.id).toBe('named');
    });
  });

  it('are told of once to the people of an earlier database, and nobody is charged with the change', async () => {
    await withLine(engine, async (line, again) => {
      const builder = await line.mint('agent:b');
      await builder.client.task.claim.mutate({ project, task: 'wide', leaseSeconds: 3600 });
      await asBefore(line);
      await again();
      const upgraded = await again();
      const inbox = await upgraded.owner.message.list.query({ project });
      const [told, ...more] = inbox.filter(({ title }) => /protected by Andon/.test(title));
      expect(more).toEqual([]);
      expect(told?.body).toContain('task named names package.json, read by npm');
      expect((await upgraded.owner.task.show.query({ project, task: 'wide' })).deny).toEqual([]);
      const minted = await upgraded.owner.token.mint.mutate({
        project,
        agent: 'agent:lead',
        cap: { tier: 'executive' },
      });
      const lead = upgraded.client(minted.token ?? '');
      const applied = await lead.plan.put.mutate({ project, text: plan });
      expect(applied).toMatchObject({ added: [], changed: [], removed: [], reasons: [] });
    });
  });
});

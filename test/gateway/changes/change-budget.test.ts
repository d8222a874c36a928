import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { enginesOf } from '../../support/engines.ts';
import {
  mustGit,
  sourceRepository,
  startTestGateway,
  type TestGateway,
  write,
} from '../../support/gateway.ts';
import { planHead } from '../../support/plan-head.ts';

const project = 'purse';
const plan = `${planHead({ project })}
agents:
  lead: { tier: executive }
tasks:
${[1, 2, 3].map((n) => `  t${n}: { title: T, phase: build, write: ["src/t${n}/**"] }`).join('\n')}
`;

describe.each(enginesOf(import.meta.filename))('the budget of commits, files and lines, on %s', (engine) => {
  let gateway: TestGateway;
  let source: string;
  const folder = mkdtempSync(join(tmpdir(), 'andon-purse-'));

  beforeAll(async () => {
    gateway = await startTestGateway(engine);
    source = await sourceRepository({ 'src/a.ts': 'export const a = 1;\n' });
    await gateway.owner.project.create.mutate({ project, source });
    await gateway.owner.plan.put.mutate({ project, text: plan });
  });
  afterAll(async () => {
    await gateway?.close();
    for (const one of [source, folder]) rmSync(one, { recursive: true, force: true });
  });

  /** Claims the task, pushes that many files of ten lines, each in a separate commit, and offers the last commit. */
  async function offer(token: string, task: string, files: number) {
    const client = gateway.client(token);
    const auth = { url: gateway.url, token };
    const { task: taken } = await client.task.claim.mutate({ project, task });
    const tree = join(folder, `${engine}-${task}`);
    rmSync(tree, { recursive: true, force: true });
    await mustGit(folder, ['clone', '-q', `${gateway.url}/git/${project}.git`, tree], auth);
    for (let n = 0; n < files; n++) {
      write(tree, {
        [`src/${task}/f${n}.ts`]: `export const f = ${n};\n`
          .repeat(10)
          .replaceAll(/const f/g, () => `const f${Math.random().toString(36).slice(2)}`),
      });
      await mustGit(tree, ['add', '-A']);
      await mustGit(tree, ['commit', '-q', '-m', `f${n}`]);
    }
    const epoch = taken?.epoch ?? 0;
    await mustGit(tree, ['push', '-q', 'origin', `HEAD:task/${task}/${epoch}/work`], auth);
    const commit = await mustGit(tree, ['rev-parse', 'HEAD']);
    return () => client.change.submit.mutate({ project, task, epoch, commit });
  }

  const mint = async (agent: string, budget: Record<string, number>) => {
    const minted = await gateway.owner.token.mint.mutate({
      project,
      agent,
      cap: { role: 'IMPLEMENTER', budget },
    });
    return { token: minted.token ?? '', grant: minted.grant };
  };

  it('refuses a change that is larger than its grant has left, with every member that is too large', async () => {
    const { token } = await mint('agent:small', { commits: 1, files: 1, lines: 15 });
    const submit = await offer(token, 't1', 2);
    const error = await submit().catch((caught: unknown) => caught);
    const reasons = (
      error as {
        data: { andon: { reasons: { code: string; subject: string; found: number; limit: number }[] } };
      }
    ).data.andon.reasons;
    expect(reasons.map(({ code, subject, found, limit }) => [code, subject, found, limit])).toEqual([
      ['budget.change', 'commits', 2, 1],
      ['budget.change', 'files', 2, 1],
      ['budget.change', 'lines', 20, 15],
    ]);
  });

  it('spends what was offered, so that the next change has less', async () => {
    const { token, grant } = await mint('agent:frugal', { commits: 3, files: 3, lines: 1000 });
    await (await offer(token, 't2', 2))();
    const tokens = await gateway.app.gateway.store.rows<{ left: Record<string, number> }>(
      { name: '', text: 'select left_budget as left from grants where gid = $1' },
      [grant],
    );
    expect(tokens[0]?.left).toMatchObject({ commits: 1, files: 1, lines: 980 });
    await expect((await offer(token, 't3', 2))()).rejects.toThrow(/budget\.change/);
  });
});

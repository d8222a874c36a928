import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type CliOptions, cli, type Ended } from '../support/cli.ts';
import { mustGit, sourceRepository, startTestGateway, type TestGateway, write } from '../support/gateway.ts';
import { waitUntil } from '../support/wait.ts';

const plan = `
version: 1
project: shop
done: landed
phases: [build, ship]
gates: { look: { by: validator } }
tasks:
  cart: { title: Cart, phase: build, write: ["src/**"], gates: [look] }
  pay: { title: Pay, phase: build, needs: [cart], write: ["pay/**"] }
  late: { title: Late, phase: ship, write: ["late/**"] }
`;

/** The commands behind `next:` and on the lines below it; a mark, two spaces or a bracket end one. */
function stepsIn(text: string): string[] {
  const from = text.slice(Math.max(0, text.indexOf('next:')));
  return [...from.matchAll(/(?:andon|git) [a-z][^;()\n]*/g)].map(
    ([step]) => step.split(/ {2,}|, then /)[0]?.trim() ?? '',
  );
}

/** Every step that the program prints on the way of a task is typed in as it stands. */
describe('the next steps of a session', () => {
  const folder = mkdtempSync(join(tmpdir(), 'andon-next-'));
  const clone = join(folder, 'shop');
  let gateway: TestGateway;
  let source: string;
  const files: Record<string, string> = {};

  const as = (who: string, cwd = folder): CliOptions => ({
    cwd,
    env: { ANDON_URL: gateway.url, ANDON_PROJECT: 'shop', ANDON_TOKEN_FILE: files[who] ?? '' },
  });
  const said = (one: Ended): string => `${one.stdout}${one.stderr}`;
  const run = (line: string, who: string, cwd = folder): Promise<Ended> =>
    cli(
      (line.match(/"[^"]*"|\S+/g) ?? []).slice(1).map((word) => word.replaceAll('"', '')),
      as(who, cwd),
    );
  const takes = async (line: string | undefined, who: string, cwd = folder): Promise<Ended> => {
    const ended = await run(line ?? 'andon no-step', who, cwd);
    expect(ended.exit, `${line}: ${said(ended)}`).toBe(0);
    return ended;
  };

  beforeAll(async () => {
    gateway = await startTestGateway('postgres');
    source = await sourceRepository({ 'README.md': '# shop\n' });
    await gateway.owner.project.create.mutate({ project: 'shop', source });
    await gateway.owner.plan.put.mutate({ project: 'shop', text: plan });
    files.owner = gateway.app.owner.file;
    for (const tier of ['implementer', 'validator'] as const) {
      const { token } = await gateway.owner.token.mint.mutate({
        project: 'shop',
        agent: `agent:${tier}`,
        cap: { tier },
      });
      files[tier] = join(folder, tier);
      writeFileSync(files[tier], token ?? '', { mode: 0o600 });
    }
  });
  afterAll(async () => {
    await gateway.close();
    for (const one of [folder, source]) rmSync(one, { recursive: true, force: true });
  });

  it('lead from `task next` to a change that is shown and approved', async () => {
    const [claim] = stepsIn(said(await takes('andon task next', 'implementer')));
    expect(claim).toBe('andon task claim cart');
    const [cloning, push, submit] = stepsIn(said(await takes(claim, 'implementer')));
    await takes(cloning, 'implementer');
    // A tool leaves its clone without a branch.
    await mustGit(clone, ['checkout', '-q', '--detach']);
    write(clone, { 'src/cart.ts': 'export const cart = 1;\n', 'other.ts': '1;\n' });
    await mustGit(clone, ['add', '-A']);
    await mustGit(clone, ['commit', '-q', '-m', 'A cart']);
    const refused = said(await run(push ?? '', 'implementer', clone));
    expect(refused).toMatch(/next: leave the path out, or ask for it: andon task ask <task> "…"; push again/);
    const [ask = ''] = stepsIn(refused);
    await takes(ask.replace('<task>', 'cart').replace('…', 'May I?'), 'implementer', clone);
    await takes('andon task answer cart "No."', 'owner');
    await mustGit(clone, ['rm', '-q', '--cached', 'other.ts']);
    await mustGit(clone, ['commit', '-q', '--amend', '-m', 'A cart']);
    // To a branch of no task: the step names the one that the agent holds.
    const elsewhere = said(await run('andon git push origin HEAD:refs/heads/main', 'implementer', clone));
    const [right] = stepsIn(elsewhere.replaceAll('remote: ', ''));
    expect(right).toBe('git push origin HEAD:refs/heads/task/cart/1/work');
    expect(elsewhere).not.toContain('push again');
    await takes(`andon ${right}`, 'implementer', clone);
    const [show, approve] = stepsIn(said(await takes(submit, 'implementer', clone)));
    await takes(show, 'implementer');
    await takes(approve, 'validator');
  });

  it('name the task of a refusal, and clear a stop', async () => {
    // Until cart has landed nothing is ready, and the step says that.
    const cart = { project: 'shop', task: 'cart' };
    await waitUntil(async () => (await gateway.owner.task.show.query(cart)).state === 'done');
    const early = said(await run('andon task claim cart', 'implementer'));
    const [step] = stepsIn(early);
    expect(step).toMatch(/^andon task (waiting|next)/);
    await takes(step?.replace(/ tells.*/, ''), 'implementer');
    const [status, clear] = stepsIn(
      said(await takes('andon cord pull --scope project --why broken', 'owner')),
    );
    expect((await run(status ?? '', 'owner')).exit).toBe(7);
    await takes(clear?.replace('…', 'mended'), 'owner');
    const red = said(await takes('andon cord pull --scope project --red --why broken', 'owner'));
    expect(stepsIn(red)[1]).toMatch(/^andon cord clear stp_\w+ --root-cause file\.yaml$/);
  });

  it('start what has a plan from nothing', async () => {
    const missing = said(await run('andon plan show 99', 'owner'));
    await takes(stepsIn(missing)[0], 'owner');
    const gone = said(await run('andon report show rpt_00000000', 'owner'));
    await takes(stepsIn(gone)[0], 'owner');
  });
});

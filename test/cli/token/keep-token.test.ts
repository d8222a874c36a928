import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { cleanEnvironment, cli } from '../../support/cli.ts';
import { codesOf, type Hand, type Line, openLine } from '../../support/line.ts';
import { planHead } from '../../support/plan-head.ts';
import { waitUntil } from '../../support/wait.ts';

const project = 'shop';
const plan = `
${planHead({ project })}
tasks:
  cart: { title: Cart, phase: build, write: ["src/cart/**"] }
`;
const lifeSeconds = 4;

describe('a command that waits for longer than its token lives', () => {
  const folder = mkdtempSync(join(tmpdir(), 'andon-kept-'));
  const file = join(folder, 'waits.token');
  let line: Line;
  let holder: Hand;
  beforeAll(async () => {
    line = await openLine('pglite', { plan });
    holder = await line.mint('agent:holder');
  });
  afterAll(async () => {
    await line.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it('renews it in its file, and goes on under the next one', async () => {
    const { task } = await holder.client.task.claim.mutate({ project, task: 'cart' });
    const { token } = await line.mint('agent:waits', {}, { lifeSeconds });
    writeFileSync(file, token, { mode: 0o600 });
    const env = {
      ...cleanEnvironment(join(folder, 'home')),
      ...{ ANDON_URL: line.url, ANDON_PROJECT: project, ANDON_TOKEN_FILE: file },
    };
    const waits = cli(['task', 'claim', '--wait'], { cwd: folder, env });
    const first = line.client(token ?? '');
    await waitUntil(async () => {
      const [code] = await codesOf(first.task.list.query({ project })).catch(() => []);
      return code === 'token.expired' || code === 'token.revoked';
    });
    expect(readFileSync(file, 'utf8')).not.toBe(token);
    await holder.client.task.release.mutate({
      project,
      task: 'cart',
      epoch: task?.epoch ?? 0,
      why: 'enough',
    });
    const { exit, stdout, stderr } = await waits;
    expect([exit, stdout], stderr).toEqual([0, expect.stringContaining('cart  epoch 2')]);
  });
});

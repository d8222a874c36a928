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

  /** Starts a claim that waits, and gives the task back once the token that the claim began with has ended. */
  async function waitsBeyond(token: string, more: Readonly<Record<string, string>>) {
    const { task } = await holder.client.task.claim.mutate({ project, task: 'cart' });
    const env = {
      ...cleanEnvironment(join(folder, 'home')),
      ...{ ANDON_URL: line.url, ANDON_PROJECT: project, ...more },
    };
    const waits = cli(['task', 'claim', '--wait'], { cwd: folder, env });
    const first = line.client(token);
    await waitUntil(async () => {
      const [code] = await codesOf(first.task.list.query({ project })).catch(() => []);
      return code === 'token.expired' || code === 'token.revoked';
    });
    const epoch = task?.epoch ?? 0;
    await holder.client.task.release.mutate({ project, task: 'cart', epoch, why: 'enough' });
    return waits;
  }
  const mint = async (agent: string) => (await line.mint(agent, {}, { lifeSeconds })).token ?? '';

  it('ends with the refusal when the token is in no file, since no other one follows', async () => {
    const token = await mint('agent:ends');
    const { exit, stderr } = await waitsBeyond(token, { ANDON_TOKEN: token });
    expect([exit, stderr]).toEqual([4, expect.stringContaining('token.expired')]);
  });

  it('renews it in its file, and goes on under the next one', async () => {
    const token = await mint('agent:waits');
    writeFileSync(file, token, { mode: 0o600 });
    const { exit, stdout, stderr } = await waitsBeyond(token, { ANDON_TOKEN_FILE: file });
    expect([exit, stdout], stderr).toEqual([0, expect.stringContaining('cart  epoch')]);
    expect(readFileSync(file, 'utf8')).not.toBe(token);
  });
});

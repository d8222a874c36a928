import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { cli } from '../support/cli.ts';
import { type Hand, type Line, openLine } from '../support/line.ts';
import { planHead } from '../support/plan-head.ts';

const project = 'shop';
const plan = `
${planHead({ project })}
gates: { look: { by: validator } }
tasks:
  cart: { title: Cart, phase: build, write: ["cart/**"], gates: [look] }
  pay: { title: Pay, phase: build, needs: [cart], write: ["pay/**"] }
`;

describe('andon why', () => {
  const folder = mkdtempSync(join(tmpdir(), 'andon-why-'));
  let line: Line;
  let builder: Hand;
  beforeAll(async () => {
    line = await openLine('pglite', { plan });
    builder = await line.mint('agent:builder');
  });
  afterAll(async () => {
    await line.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const env = () => ({
    ANDON_URL: line.url,
    ANDON_PROJECT: project,
    ANDON_TOKEN_FILE: line.app.owner.file,
  });
  const why = (id: string, ...more: string[]) => cli(['why', id, ...more], { cwd: folder, env: env() });

  it('tells of a task what it waits for, and of its change once there is one', async () => {
    expect((await why('cart')).stdout).toMatch(/^cart \(ready, [^)]+\)\n$/);
    expect((await why('pay')).stdout).toMatch(/^pay \(backlog, [^)]+\) waits for cart \(ready\)\n$/);
    const { change } = await line.offer(builder, 'cart', { 'cart/a': 'a' });
    const byTask = await why('cart');
    expect(byTask.stdout).toContain('cart');
    expect(byTask.stdout).toBe((await why(change)).stdout);
    expect(JSON.parse((await why('cart', '--json')).stdout)).toMatchObject({ change, task: 'cart' });
    expect(JSON.parse((await why('pay', '--json')).stdout)).toMatchObject({
      task: 'pay',
      waiting: { needs: ['cart'] },
    });
  });

  it('names a task that the plan does not have, and one that has ended', async () => {
    const missing = await why('nothing');
    expect([missing.exit, missing.stderr]).toEqual([5, expect.stringContaining('task.missing')]);
    await line.owner.task.abandon.mutate({ project, task: 'pay', why: 'not needed' });
    expect((await why('pay')).stdout).toBe('pay is abandoned\n');
  });
});

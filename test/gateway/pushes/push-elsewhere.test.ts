import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { engines } from '../../support/engines.ts';
import { git, mustGit, write } from '../../support/gateway.ts';
import { type Hand, type Line, openLine } from '../../support/line.ts';

const project = 'shop';
const plan = `
version: 1
project: ${project}
done: landed
phases: [build]
tasks:
  cart: { title: Cart, phase: build, write: ["cart/**"] }
`;

describe.each(engines)('a push to no branch of a task, on %s', (engine) => {
  let line: Line;
  let builder: Hand;
  let folder: string;
  let clone: string;
  beforeAll(async () => {
    line = await openLine(engine, { plan });
    builder = await line.mint('agent:builder');
    folder = mkdtempSync(join(tmpdir(), 'andon-elsewhere-'));
    await mustGit(folder, ['clone', '-q', `${line.url}/git/${project}.git`, 'clone'], auth());
    clone = join(folder, 'clone');
    write(clone, { 'cart/a.md': 'a\n' });
    await mustGit(clone, ['add', '-A']);
    await mustGit(clone, ['commit', '-q', '-m', 'cart']);
  });
  afterAll(async () => {
    await line.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const auth = () => ({ url: line.url, token: builder.token });
  const pushMain = async (): Promise<string> => {
    const { code, err } = await git(clone, ['push', 'origin', 'HEAD:refs/heads/main'], auth());
    expect(code).not.toBe(0);
    return err;
  };

  it('has one reason, which sends to a claim whoever holds no task', async () => {
    const told = await pushMain();
    expect(told).toContain('(1 reason)');
    expect(told).toContain('claim a task first: andon task claim');
  });

  it('names the branch that the pusher holds, by a command that works in a detached HEAD', async () => {
    await builder.client.task.claim.mutate({ project, task: 'cart' });
    const told = await pushMain();
    expect(told).toContain('(1 reason)');
    const [, next = ''] = /next: git (push origin HEAD:\S+?);/.exec(told) ?? [];
    expect(next).toBe('push origin HEAD:refs/heads/task/cart/1/work');
    await mustGit(clone, ['checkout', '-q', '--detach']);
    await mustGit(clone, next.split(' '), auth());
  });
});

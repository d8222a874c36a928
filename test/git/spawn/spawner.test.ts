import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, test, vi } from 'vitest';
import { createGitRunner, gather } from '../../../src/git/runner.ts';
import { createChildren } from '../../../src/git/spawn/children.ts';
import type { ToHelper } from '../../../src/git/spawn/protocol.ts';
import { createSpawner } from '../../../src/git/spawn/spawner.ts';

const spawner = createSpawner();
const runner = createGitRunner({ spawner });
afterAll(() => spawner.close());

const env = { PATH: '/usr/bin:/bin' };
const sh = (script: string, more = {}) =>
  spawner.start({ file: '/bin/sh', args: ['-c', script], cwd: '/', env, ...more });
const alive = (pid: number): boolean => existsSync(`/proc/${pid}`);
const gone = async (pid: number): Promise<void> => {
  while (alive(pid)) await new Promise((resolve) => setImmediate(resolve));
};

test('a child gets its arguments, its environment and nothing of ours', async () => {
  process.env.ANDON_TEST_SECRET = 'x';
  const child = await spawner.start({ file: '/usr/bin/env', args: [], cwd: '/', env: { ONLY: 'this' } });
  expect((await gather(child.stdout)).toString()).toBe('ONLY=this\n');
  expect(await child.exited).toEqual({ code: 0, signal: null });
});

test('stdout, stderr, exit code and descriptors 3 and 4 arrive where they belong', async () => {
  const child = await sh('read a <&4; echo "$a" >&3; echo out; echo err >&2; exit 7', { talk: true });
  child.to4?.end('hello\n');
  const from3 = child.from3 === undefined ? undefined : gather(child.from3);
  const texts = await Promise.all([from3, gather(child.stdout), gather(child.stderr)]);
  expect(texts.map(String)).toEqual(['hello\n', 'out\n', 'err\n']);
  expect(await child.exited).toEqual({ code: 7, signal: null });
});

test('a child that ends at once, saying nothing, is heard a hundred times over', async () => {
  const all = Array.from({ length: 100 }, () =>
    runner.run(['version', '--no-such'], {}).then(({ code }) => code),
  );
  expect(new Set(await Promise.all(all))).toEqual(new Set([129]));
});

test('who does not read stops the child', async () => {
  const child = await sh('head -c 100000000 /dev/zero; echo done >&2');
  let said = '';
  child.stderr.on('data', (text) => {
    said += text;
  });
  child.stderr.resume();
  await runner.run(['version'], {});
  expect([said, alive(child.pid)]).toEqual(['', true]);
  expect((await gather(child.stdout)).length).toBe(100_000_000);
});

test('killing a child kills everything in its group', async () => {
  const child = await sh('sleep 100 & echo $!; wait');
  const [line] = await once(child.stdout.resume(), 'data');
  child.kill();
  expect((await child.exited).signal).toBe('SIGKILL');
  await gone(Number(String(line)));
});

test('a program that does not exist rejects', async () => {
  await expect(spawner.start({ file: '/no/such', args: [], cwd: '/', env })).rejects.toMatchObject({
    code: 'git.failed',
  });
});

test('a program that the machine has nothing left for rejects as that', async () => {
  const children = createChildren(() => {});
  const child = children.expect(1, 'git', []);
  children.hear({ kind: 'failed', id: 1, message: 'spawn git EAGAIN' });
  await expect(child).rejects.toMatchObject({ code: 'machine.exhausted', reasons: [{ subject: 'git' }] });
});

test('a child whose connections never come is given up and killed, and says what is short', async () => {
  const sent: ToHelper[] = [];
  const children = createChildren((message) => sent.push(message), 50);
  const child = children.expect(1, 'git', [0]);
  children.hear({ kind: 'started', id: 1, pid: 1 });
  await expect(child).rejects.toMatchObject({ code: 'machine.exhausted', reasons: [{ subject: 'git' }] });
  expect(sent).toEqual([{ kind: 'kill', id: 1, signal: 'SIGKILL' }]);
});

test('no descriptor stays of a child that has ended, whether or not its streams were read', async () => {
  const open = (): number => readdirSync('/proc/self/fd').length;
  await runner.run(['version'], {});
  const before = open();
  for (let n = 0; n < 20; n++) {
    const child = await sh('echo told >&3; echo out', { stdin: true, talk: true });
    // As a push: the hook's line is read up to its end, not the stream; nobody closes stdin.
    await once(child.from3?.resume() ?? child.stdout, 'data');
    child.to4?.end('accept\n');
    await Promise.all([gather(child.stdout), gather(child.stderr), child.exited]);
    child.release();
  }
  await vi.waitFor(() => expect(open()).toBeLessThanOrEqual(before));
});

test('the time limit and the output limit end a child with a reason', async () => {
  const slow = runner.run(['cat-file', '--batch'], { timeoutMs: 50, stdin: 'x', cwd: '/nonexistent' });
  await expect(slow).rejects.toMatchObject({ code: 'git.failed' });
  const hanging = runner.run(['-c', 'alias.hang=!sleep 100', 'hang'], { timeoutMs: 100 });
  await expect(hanging).rejects.toThrow(/time limit/);
  const chatty = runner.run(['help', '-a'], { outputBytesMax: 100 });
  await expect(chatty).rejects.toThrow(/over the limit/);
});

test('settings of the user and of the machine play no part', async () => {
  const { stdout } = await runner.run(['config', '--list', '--show-scope'], {});
  expect(stdout.toString()).not.toMatch(/^(system|global)/m);
  expect(stdout.toString()).toContain('core.fsync=all');
});

test('when the helper is killed, what it ran is reported and the next start works', async () => {
  const other = createSpawner();
  const child = await other.start({ file: '/bin/sh', args: ['-c', 'echo $PPID; sleep 100'], cwd: '/', env });
  const [line] = await once(child.stdout.resume(), 'data');
  process.kill(Number(String(line)), 'SIGKILL');
  expect(await child.exited).toEqual({ code: null, signal: null });
  process.kill(-child.pid, 'SIGKILL');
  const next = await other.start({ file: '/bin/true', args: [], cwd: '/', env });
  expect((await next.exited).code).toBe(0);
  await other.close();
});

test('when the process that started it is killed, a child dies and no folder stays', async () => {
  const fixture = fileURLToPath(new URL('../../support/spawn-and-wait.ts', import.meta.url));
  const parent = spawn(process.execPath, ['--import', 'tsx', fixture], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [line] = await once(parent.stdout, 'data');
  const { pid, folder } = JSON.parse(String(line)) as { pid: number; folder: string };
  expect([alive(pid), existsSync(folder)]).toEqual([true, true]);
  parent.kill('SIGKILL');
  await gone(pid);
  while (existsSync(folder)) await new Promise((resolve) => setImmediate(resolve));
});

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { expect, test } from 'vitest';
import { createGitRunner } from '../../src/git/runner.ts';
import { ownSpawner } from '../../src/git/spawn/own-spawner.ts';
import { killGroup, terminate } from '../../src/process/terminate.ts';

/** A shell that leads its own group, from the moment at which it has read its orders. */
async function shell(script: string): Promise<{ child: ChildProcess; ended: Promise<unknown[]> }> {
  const child = spawn('/bin/sh', ['-c', `${script}; echo ready; while :; do sleep 1; done`], {
    detached: true,
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const ended = once(child, 'exit');
  if (child.stdout !== null) await once(child.stdout, 'data');
  return { child, ended };
}

const ending = ({ child, ended }: Awaited<ReturnType<typeof shell>>, asked: string[]) => ({
  ask: () => {
    asked.push('ask');
    killGroup(child.pid, 'SIGTERM');
  },
  kill: () => {
    asked.push('kill');
    killGroup(child.pid, 'SIGKILL');
  },
  ended,
});

test('what does not follow is killed after its grace', async () => {
  const one = await shell("trap '' TERM");
  const asked: string[] = [];
  await terminate(ending(one, asked), 50);
  expect([await one.ended, asked]).toEqual([
    [null, 'SIGKILL'],
    ['ask', 'kill'],
  ]);
});

test('what follows is not waited for any longer, and the rest of its group goes then', async () => {
  const one = await shell("trap 'exit 3' TERM");
  const asked: string[] = [];
  await terminate(ending(one, asked), 3_600_000);
  expect([await one.ended, asked]).toEqual([
    [3, null],
    ['ask', 'kill'],
  ]);
});

test('without a grace nothing is asked', async () => {
  const one = await shell("trap 'exit 3' TERM");
  const asked: string[] = [];
  const done = terminate(ending(one, asked), 0);
  expect(asked).toEqual(['kill']);
  await done;
  expect(await one.ended).toEqual([null, 'SIGKILL']);
});

test('a group that is gone, or was never there, is no error', async () => {
  const one = await shell('true');
  killGroup(one.child.pid, 'SIGKILL');
  await one.ended;
  killGroup(one.child.pid, 'SIGTERM');
  killGroup(undefined, 'SIGKILL');
});

test('git as a child of this process has the environment of its caller, and the limits of every git', async () => {
  const env = { PATH: process.env.PATH, GIT_AUTHOR_NAME: 'Ada', GIT_AUTHOR_EMAIL: 'ada@example.org' };
  const runner = createGitRunner({ spawner: ownSpawner, env });
  const cwd = tmpdir();
  expect(String(await runner.must(['var', 'GIT_AUTHOR_IDENT'], { cwd }))).toContain('Ada <ada@example.org>');
  expect(String(await runner.must(['hash-object', '--stdin'], { cwd, stdin: 'x' }))).toMatch(
    /^[0-9a-f]{40}\n$/,
  );
  const waits = ['hash-object', '--stdin-paths'];
  await expect(runner.run(['help', '-a'], { cwd, outputBytesMax: 10 })).rejects.toMatchObject({
    code: 'git.failed',
  });
  const abort = AbortSignal.abort();
  await expect(runner.run(waits, { cwd, stdin: 'x\n', abort })).rejects.toMatchObject({
    code: 'git.failed',
    reasons: [{ found: 'it was given up' }],
  });
  const nowhere = createGitRunner({ spawner: ownSpawner, env: { PATH: '/nonexistent' } });
  await expect(nowhere.run(['version'], { cwd })).rejects.toMatchObject({ code: 'git.failed' });
});

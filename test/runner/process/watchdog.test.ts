import { type ChildProcess, spawn } from 'node:child_process';
import { afterEach, describe, expect, it } from 'vitest';
import { startWatchdog } from '../../../src/runner/process/watchdog.ts';
import { giveUserBack, type OwnUser, takeUser } from '../../../src/sandbox/own-user.ts';
import { waitUntil } from '../../support/wait.ts';

const isRoot = process.getuid?.() === 0;
if (!isRoot) console.log('left out: the users that a watchdog watches, which takes root');

describe.runIf(isRoot)('the watchdog of a runner', () => {
  const started: ChildProcess[] = [];
  const users: OwnUser[] = [];
  afterEach(async () => {
    for (const child of started.splice(0)) child.kill('SIGKILL');
    for (const user of users.splice(0)) await giveUserBack(user);
  });

  /** A process of a user of its own. */
  async function sleeper(): Promise<{ child: ChildProcess; uid: number }> {
    const user = await takeUser();
    users.push(user);
    const child = spawn('sleep', ['60'], { ...user, cwd: '/', env: {}, stdio: 'ignore' });
    started.push(child);
    return { child, uid: user.uid };
  }

  it('kills the processes of users that are watched when it closes, and of none that was forgotten', async () => {
    const [first, later, other, last] = [await sleeper(), await sleeper(), await sleeper(), await sleeper()];
    const watchdog = startWatchdog('none-has-this-mark');
    for (const { uid } of [first, later, other, last]) watchdog.watch(uid);
    watchdog.forget(first.uid);
    watchdog.forget(other.uid);
    watchdog.close();
    await waitUntil(() => later.child.signalCode !== null && last.child.signalCode !== null);
    expect([first.child.signalCode, other.child.signalCode]).toEqual([null, null]);
  });

  it('kills nothing of a runner whose gates and runs have all ended', async () => {
    const [past, present] = [await sleeper(), await sleeper()];
    const watchdog = startWatchdog('none-has-this-mark');
    watchdog.watch(past.uid);
    watchdog.forget(past.uid);
    watchdog.close();
    const second = startWatchdog('nor-this');
    second.watch(present.uid);
    second.close();
    await waitUntil(() => present.child.signalCode !== null);
    expect(past.child.signalCode).toBe(null);
  });
});

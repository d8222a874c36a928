import { type ChildProcess, spawn } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { killGroup, killOne } from '../process/terminate.ts';
import type { OwnUser } from './own-user.ts';
import { processesOf, untilGone } from './process-table.ts';
import type { Containment } from './sandbox.ts';

/** The environment variable that marks every process started by a gate or a run. */
export const markName = 'ANDON_MARK';

const goneMs = 5_000;

/**
 * Kills a gate or run with every process that it started, without asking. In bubblewrap the first process of
 * the namespace goes first: all others die with it before bubblewrap itself ends, so that none is alive when
 * this call settles.
 */
export async function killNow(child: ChildProcess, containment: Containment, mark: string): Promise<void> {
  if (containment.kind === 'bubblewrap' && child.pid !== undefined && child.exitCode === null) {
    const inner = await childrenOf(child.pid);
    for (const pid of inner) killOne(pid, 'SIGKILL');
    await untilGone(inner, goneMs);
  }
  killGroup(child.pid, 'SIGKILL');
  await reap(containment, mark);
}

/** The running child processes of a process, by the kernel's own list. */
export async function childrenOf(pid: number): Promise<number[]> {
  const text = await readFile(`/proc/${pid}/task/${pid}/children`, 'latin1').catch(() => '');
  return text
    .split(' ')
    .filter((word) => word !== '')
    .map(Number);
}

/**
 * Kills processes of a gate or a run that left its process group (setsid). In bubblewrap there are none: they
 * died with the process namespace. Under a separate user all processes of that user go at once, even while
 * they fork. With neither, only processes that still carry the mark in their environment can be told from the
 * rest.
 */
export async function reap(containment: Containment, mark: string): Promise<void> {
  if (containment.kind === 'bubblewrap') return;
  if (containment.kind === 'other-user') await endAllOf(containment.user);
  for (const pid of await marked(mark)) killOne(pid, 'SIGKILL');
}

async function marked(mark: string): Promise<number[]> {
  const names = await readdir('/proc').catch(() => []);
  const pids = names.filter((name) => /^\d+$/.test(name));
  const found = await Promise.all(
    pids.map(async (pid) => {
      const environment = await readFile(`/proc/${pid}/environ`, 'latin1').catch(() => '');
      return environment.split('\0').includes(`${markName}=${mark}`) ? [Number(pid)] : [];
    }),
  );
  return found.flat();
}

/** Kills until none is left: a signal is sent at once, but the kernel takes time to end thousands of processes. */
async function endAllOf(user: OwnUser): Promise<void> {
  await killAllOf(user);
  await untilGone(await processesOf(user), goneMs);
}

/** Sends SIGKILL to every process of the user, as that user; the sender is the last of them. */
const killAllOf = ({ uid, gid }: OwnUser): Promise<void> =>
  new Promise((resolve) => {
    const killer = spawn('/bin/sh', ['-c', 'kill -9 -1'], { uid, gid, cwd: '/', env: {}, stdio: 'ignore' });
    killer.once('error', () => resolve());
    killer.once('exit', () => resolve());
  });

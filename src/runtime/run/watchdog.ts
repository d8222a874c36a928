import { type ChildProcess, spawn, spawnSync } from 'node:child_process';

/** The environment variable that everything that a runner started carries. */
export const runnerMarkName = 'ANDON_RUNNER';

// Kills until nothing with the mark is left: what is killed may have forked a moment before.
const killMarked =
  // biome-ignore lint/suspicious/noTemplateCurlyInString: shell
  'while pids=$(grep -lsz "^$1=$2\\$" /proc/[0-9]*/environ); do for f in $pids; do p=${f#/proc/}; kill -9 "${p%/environ}" 2>/dev/null; done; done';

/**
 * A process of a few lines of shell that waits for the end of this one, however it comes, and then kills everything
 * that carries the mark. (Behind bubblewrap nothing outlives the runner anyway; this is for machines without it.) What
 * clears its environment cannot be found this way.
 */
export function startWatchdog(mark: string): ChildProcess {
  const child = spawn(
    '/bin/sh',
    ['-c', `cat >/dev/null; ${killMarked}`, 'andon-watchdog', runnerMarkName, mark],
    {
      stdio: ['pipe', 'ignore', 'ignore'],
      detached: true,
      env: { PATH: '/usr/bin:/bin' },
    },
  );
  child.on('error', () => undefined);
  child.stdin?.on('error', () => undefined);
  child.unref();
  return child;
}

/** Kills what an earlier runner of the same mark may have left. */
export function sweepMarked(mark: string): void {
  spawnSync('/bin/sh', ['-c', killMarked, 'andon-sweep', runnerMarkName, mark], {
    stdio: 'ignore',
    env: { PATH: '/usr/bin:/bin' },
    timeout: 30_000,
  });
}

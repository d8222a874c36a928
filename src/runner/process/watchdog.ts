import { spawn, spawnSync } from 'node:child_process';
import type { UserWatch } from '../../sandbox/sandbox.ts';

/** The environment variable that marks every process started by a runner. */
export const runnerMarkName = 'ANDON_RUNNER';

// Kills until no process with the mark, or of the users of its runs, is left: a killed process may have
// forked a moment before. The environment of another user's process cannot always be read, its user always
// can.
const killMarked = [
  'found() { grep -lsz "^$1=$2\\$" /proc/[0-9]*/environ; [ -z "$3" ] || grep -lsE "^Uid:[[:space:]]+($3)[[:space:]]" /proc/[0-9]*/status; }',
  // biome-ignore lint/suspicious/noTemplateCurlyInString: shell
  'while files=$(found "$@"); [ -n "$files" ]; do for f in $files; do p=${f#/proc/}; kill -9 "${p%%/*}" 2>/dev/null; done; done',
].join('\n');

// A user is watched as long as its gate or run lives: later it may belong to one of another runner.
const wait = [
  // biome-ignore lint/suspicious/noTemplateCurlyInString: shell
  'uids=; without() { rest=; IFS="|"; for one in $uids; do [ "$one" = "$1" ] || rest="$rest|$one"; done; unset IFS; uids=${rest#|}; }',
  // biome-ignore lint/suspicious/noTemplateCurlyInString: shell
  'while read -r sign uid; do without "$uid"; [ "$sign" = - ] || uids="$uids${uids:+|}$uid"; done; set -- "$1" "$2" "$uids"',
].join('\n');

/** Waits for the end of the runner, by any cause; knows the users of gates and runs that are alive. */
export interface Watchdog extends UserWatch {
  close(): void;
}

/**
 * Starts a process of a few lines of shell that waits for the end of this one and then kills every process
 * with the mark and every process of the users that it watches. (Under bubblewrap no process outlives the
 * runner anyway; the watchdog is for machines without it.) A process of the runner's own user that clears its
 * environment cannot be found this way.
 */
export function startWatchdog(mark: string): Watchdog {
  const child = spawn('/bin/sh', ['-c', `${wait}\n${killMarked}`, 'andon-watchdog', runnerMarkName, mark], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
    env: { PATH: '/usr/bin:/bin' },
  });
  child.on('error', () => undefined);
  child.stdin.on('error', () => undefined);
  child.unref();
  return {
    watch: (uid) => void child.stdin.write(`+ ${uid}\n`),
    forget: (uid) => void child.stdin.write(`- ${uid}\n`),
    close: () => void child.stdin.end(),
  };
}

/** Kills processes that an earlier runner of the same mark may have left. */
export function sweepMarked(mark: string): void {
  spawnSync('/bin/sh', ['-c', killMarked, 'andon-sweep', runnerMarkName, mark, ''], {
    stdio: 'ignore',
    env: { PATH: '/usr/bin:/bin' },
    timeout: 30_000,
  });
}

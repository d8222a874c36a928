/** The share of the machine that one gate or one run may take. */
export interface MachineLimits {
  readonly processes: number;
  readonly memoryBytes: number;
  readonly diskBytes: number;
  /** Files that one process may have open. */
  readonly openFiles: number;
}

/** Limits where the plan names none. */
export const machineLimitsDefault: MachineLimits = {
  processes: 512,
  memoryBytes: 4_000_000_000,
  diskBytes: 10_000_000_000,
  openFiles: 4096,
};

/**
 * Threads granted for each process of the limit: the kernel counts threads, people count processes. The watch
 * counts processes every second; this limit stops a fork bomb between two counts.
 */
const threadsPerProcess = 8;

const script = [
  // Runs as the user of the folder: root's bubblewrap without rights may not enter a private folder.
  'cd -- "$4" || exit 126',
  'ulimit -n "$1" 2>/dev/null',
  'ulimit -f "$2" 2>/dev/null',
  // One shell has `ulimit -u`, another `ulimit -p`; for a shared user the kernel would count the processes of
  // others too.
  '[ -z "$3" ] || ulimit -u "$3" 2>/dev/null || ulimit -p "$3" 2>/dev/null',
  'shift 4',
  'exec "$@"',
].join('; ');

/**
 * Words before a command that start it in its folder with limits of the kernel: open files, the size of a
 * file, and, for a separate user, threads.
 */
export function limiting(limits: MachineLimits, isOwnUser: boolean, workFolder: string): string[] {
  const blocks = Math.ceil(limits.diskBytes / 512) + 2048;
  const threads = isOwnUser ? String(limits.processes * threadsPerProcess) : '';
  return ['/bin/sh', '-c', script, 'andon', String(limits.openFiles), String(blocks), threads, workFolder];
}

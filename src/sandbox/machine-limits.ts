/** What one gate or one run may take of the machine. */
export interface MachineLimits {
  readonly processes: number;
  readonly memoryBytes: number;
  readonly diskBytes: number;
  /** Files that one process may have open. */
  readonly openFiles: number;
}

/** Without other words of the plan. */
export const machineLimitsDefault: MachineLimits = {
  processes: 512,
  memoryBytes: 4_000_000_000,
  diskBytes: 10_000_000_000,
  openFiles: 4096,
};

/** The kernel counts threads, people count processes; those are counted every second, and this ends a bomb between two counts. */
const threadsPerProcess = 8;

const script = [
  // As the user that the folder is for: root's bubblewrap without rights may not enter what is private.
  'cd -- "$4" || exit 126',
  'ulimit -n "$1" 2>/dev/null',
  'ulimit -f "$2" 2>/dev/null',
  // One shell says -u, another -p; of a user that others have, too, the kernel would count the others.
  '[ -z "$3" ] || ulimit -u "$3" 2>/dev/null || ulimit -p "$3" 2>/dev/null',
  'shift 4',
  'exec "$@"',
].join('; ');

/** Words before a command that begin in its folder and let the kernel hold it to what it can: open files, the size of a file, and, of a user of its own, threads. */
export function limiting(limits: MachineLimits, isOwnUser: boolean, workFolder: string): string[] {
  const blocks = Math.ceil(limits.diskBytes / 512) + 2048;
  const threads = isOwnUser ? String(limits.processes * threadsPerProcess) : '';
  return ['/bin/sh', '-c', script, 'andon', String(limits.openFiles), String(blocks), threads, workFolder];
}

import { readdirSync, readFileSync } from 'node:fs';

/** Memory of a process as `/proc/<id>/status` tells it, in megabytes; 0 for one that is gone. */
function residentOf(id: string): { readonly parent: number; readonly megabytes: number } {
  try {
    const status = readFileSync(`/proc/${id}/status`, 'utf8');
    const number = (name: string): number =>
      Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(status)?.[1] ?? 0);
    return { parent: number('PPid'), megabytes: number('VmRSS') / 1024 };
  } catch {
    return { parent: 0, megabytes: 0 };
  }
}

function megabytesNow(): number {
  const all = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return all
    .map((id) => ({ id: Number(id), ...residentOf(id) }))
    .filter(({ id, parent }) => id === process.pid || parent === process.pid)
    .reduce((sum, { megabytes }) => sum + megabytes, 0);
}

/** The most memory that this process and its children had at once during the work, in megabytes, every 50 ms looked at. Linux only. */
export async function peakMegabytes(work: () => Promise<unknown>): Promise<number> {
  let most = megabytesNow();
  const timer = setInterval(() => {
    most = Math.max(most, megabytesNow());
  }, 50);
  await work().finally(() => clearInterval(timer));
  return most;
}

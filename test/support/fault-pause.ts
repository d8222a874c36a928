import { readFileSync } from 'node:fs';
import type { FaultGateway } from './fault-gateway.ts';
import { waitUntil } from './wait.ts';

/** True for a process that is stopped by a signal (proc(5), the third field of `stat`). */
export function isStopped({ pid }: Pick<FaultGateway, 'pid'>): boolean {
  const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
  return stat.slice(stat.lastIndexOf(')') + 2).startsWith('T');
}

export const untilStopped = (gateway: FaultGateway): Promise<void> => waitUntil(() => isStopped(gateway));

/** Wakes a stopped gateway and lets it run until it passes the point, where it stops and is woken for good. */
export async function wakeUntil(gateway: FaultGateway, point: string): Promise<void> {
  const armed = gateway.arm(point, 'SIGSTOP');
  gateway.kill('SIGCONT');
  await armed;
  await untilStopped(gateway);
  gateway.kill('SIGCONT');
}

import type { Run } from '../command.ts';
import type { GatewayLink } from '../connect.ts';
import { untilInterrupted } from '../follow.ts';
import type { Held } from '../lease.ts';

/** Renews a lease again and again until Ctrl-C; a lost lease ends it with its refusal. */
export async function keepRenewing(
  { terminal }: Run<unknown>,
  { client, project }: GatewayLink,
  held: Held,
  everySeconds: number,
): Promise<void> {
  const end = untilInterrupted();
  try {
    while (!end.signal.aborted) {
      const renewed = await client.task.renew.mutate({ project, ...held });
      terminal.data(
        terminal.json ? JSON.stringify(renewed) : `${held.task}: held until ${renewed.leaseUntil}`,
      );
      await pause(everySeconds * 1000, end.signal);
    }
  } finally {
    end.release();
  }
}

const pause = (ms: number, signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal.addEventListener('abort', done);
    if (signal.aborted) done();
  });

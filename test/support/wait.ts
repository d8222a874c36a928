import { timeSlack } from './slack.ts';

/** Waits for an effect of another process or timer; fails after a while with the last thing seen. */
export async function waitUntil(holds: () => Promise<boolean> | boolean, withinMs = 40_000): Promise<void> {
  const mostMs = withinMs * timeSlack;
  const end = performance.now() + mostMs;
  for (;;) {
    if (await holds()) return;
    if (performance.now() > end)
      throw new Error(`still waiting after ${mostMs} ms: ${holds.toString().slice(0, 200)}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** Waits for an effect of another process or timer; fails after a while with the last thing seen. */
export async function waitUntil(holds: () => Promise<boolean> | boolean, withinMs = 120_000): Promise<void> {
  const end = performance.now() + withinMs;
  for (;;) {
    if (await holds()) return;
    if (performance.now() > end)
      throw new Error(`still waiting after ${withinMs} ms: ${holds.toString().slice(0, 200)}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** Waits for something that another process or timer brings about; fails after a while with what it last saw. */
export async function waitUntil(holds: () => Promise<boolean> | boolean, withinMs = 20_000): Promise<void> {
  const end = performance.now() + withinMs;
  for (;;) {
    if (await holds()) return;
    if (performance.now() > end)
      throw new Error(`still waiting after ${withinMs} ms: ${holds.toString().slice(0, 200)}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

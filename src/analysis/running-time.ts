const tickMs = 100;

/**
 * Calls back after so many milliseconds during which this process ran, and answers a function that calls it
 * off. A pause of the process, as with the whole machine, hardly counts: the processes that the caller waits
 * for have stood still too.
 */
export function afterRunning(ms: number, done: () => void): () => void {
  let leftMs = ms;
  let lastMs = performance.now();
  const tick = (): void => {
    const nowMs = performance.now();
    leftMs -= Math.min(nowMs - lastMs, 2 * tickMs);
    lastMs = nowMs;
    if (leftMs <= 0) done();
    else timer = setTimeout(tick, Math.min(tickMs, leftMs));
  };
  let timer = setTimeout(tick, Math.min(tickMs, leftMs));
  return () => clearTimeout(timer);
}

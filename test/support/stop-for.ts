/** Holds up everything in this process, as when it gets no time. */
export function stopFor(ms: number): void {
  const end = performance.now() + ms;
  while (performance.now() < end);
}

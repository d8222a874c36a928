/** Times at which the gateway was started again, in milliseconds since 1970. */
export type Restarts = readonly number[];

const restartsMax = 3;
const withinMs = 10 * 60_000;

/** Adds a restart at `nowMs`; undefined when there were three in the last ten minutes. */
export function restartAfter(restarts: Restarts, nowMs: number): Restarts | undefined {
  const recent = restarts.filter((at) => nowMs - at < withinMs);
  return recent.length < restartsMax ? [...recent, nowMs] : undefined;
}

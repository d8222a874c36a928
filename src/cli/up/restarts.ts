/** When the gateway was started again, in milliseconds since 1970. */
export type Restarts = readonly number[];

const restartsMax = 3;
const withinMs = 10 * 60_000;

/** The restarts with one more now; undefined when there were three in the last ten minutes. */
export function restartAfter(restarts: Restarts, nowMs: number): Restarts | undefined {
  const recent = restarts.filter((at) => nowMs - at < withinMs);
  return recent.length < restartsMax ? [...recent, nowMs] : undefined;
}

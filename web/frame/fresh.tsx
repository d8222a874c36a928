import { useEffect, useState } from 'react';
import { agoMs, useLive } from '../live/store.ts';

/** Milliseconds without a proof of life after which numbers are no longer shown as present. */
const staleMs = 15_000;
/** The same once the connection is cut. */
const cutMs = 2_000;

/** Milliseconds since the last proof of life, told anew twice a second. */
function useAge(): number {
  const alive = useLive((one) => one.alive);
  const [, tick] = useState(0);
  useEffect(() => {
    const timer = setInterval(() => {
      if (document.visibilityState === 'visible') tick((count) => count + 1);
    }, 500);
    return () => clearInterval(timer);
  }, []);
  return agoMs(alive);
}

const clock = (ms: number): string => new Date(ms).toISOString().slice(11, 19);

/** The age of the newest proof of life. */
export function Fresh() {
  const connection = useLive((one) => one.connection);
  const asOf = useLive((one) => one.asOf);
  const age = useAge();
  if (connection === 'starting') return <span className="fresh quiet">○ starting</span>;
  if (connection === 'foreign') return <span className="fresh red">■ not your gateway</span>;
  if (connection === 'cut') return <span className="fresh red">■ cut off since {clock(asOf)}</span>;
  return age > staleMs ? (
    <span className="fresh yellow">▲ behind {Math.round(age / 1000)}s</span>
  ) : (
    <span className="fresh green">● live {(age / 1000).toFixed(1)}s</span>
  );
}

/** True while the facts on screen are too old to be taken for the present. */
export function useStale(): boolean {
  const connection = useLive((one) => one.connection);
  const age = useAge();
  return age > (connection === 'live' ? staleMs : cutMs);
}

import { useEffect, useState } from 'react';
import { gatewayNow } from '../api/session.ts';

/** The gateway's time, once a second while somebody looks. */
export function useClock(): number {
  const [now, setNow] = useState(gatewayNow);
  useEffect(() => {
    const timer = setInterval(() => {
      if (document.visibilityState === 'visible') setNow(gatewayNow());
    }, 1_000);
    return () => clearInterval(timer);
  }, []);
  return now;
}

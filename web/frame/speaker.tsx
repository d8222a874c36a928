import { useEffect, useRef, useState } from 'react';
import { useLive } from '../live/store.ts';
import { plural } from '../words.ts';

const pauseMs = 3_000;

/** One polite line for readers of screens: at most a sentence in three seconds. */
export function Speaker({ waiting }: { readonly waiting: number | undefined }) {
  const connection = useLive((one) => one.connection);
  const [said, setSaid] = useState('');
  const saidAtMs = useRef(Number.NEGATIVE_INFINITY);
  useEffect(() => {
    const state = connection === 'live' ? '' : 'The gateway is cut off. ';
    const sentence = `${state}${waiting === undefined ? '' : `${plural(waiting, 'thing')} waiting on you.`}`;
    const say = (): void => {
      saidAtMs.current = performance.now();
      setSaid(sentence);
    };
    const timer = setTimeout(say, Math.max(0, saidAtMs.current + pauseMs - performance.now()));
    return () => clearTimeout(timer);
  }, [waiting, connection]);
  return (
    <p className="hidden" aria-live="polite">
      {said}
    </p>
  );
}

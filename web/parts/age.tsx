import { useClock } from '../frame/clock.ts';
import { ageWords } from '../words.ts';

/** The age of a moment by the gateway's clock; its date on hover. */
export function Age({ at }: { readonly at: string }) {
  const now = useClock();
  return (
    <time dateTime={at} title={at}>
      {ageWords((now - Date.parse(at)) / 1000)}
    </time>
  );
}

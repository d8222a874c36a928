import { useState } from 'react';
import type { InputOf, Path } from '../api/client.ts';
import { newRequestId } from '../api/session.ts';
import { actAndWatch } from '../live/accepted.ts';

/** An action under way: its id is made once, so that a second press is the same call. */
export interface Action<P extends Path> {
  readonly isAsked: boolean;
  readonly error: unknown;
  run(input: InputOf<P>): Promise<boolean>;
}

/** Carries out a mutation once; after a refusal the next press is a new call. */
export function useAction<P extends Path>(path: P): Action<P> {
  const [requestId, setRequestId] = useState(newRequestId);
  const [isAsked, setAsked] = useState(false);
  const [error, setError] = useState<unknown>();
  const run = async (input: InputOf<P>): Promise<boolean> => {
    if (isAsked) return false;
    setAsked(true);
    setError(undefined);
    try {
      await actAndWatch(path, input, requestId);
      return true;
    } catch (refused) {
      setError(refused);
      setRequestId(newRequestId());
      return false;
    } finally {
      setAsked(false);
    }
  };
  return { isAsked, error, run };
}

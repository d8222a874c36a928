import { useSyncExternalStore } from 'react';
import { act, type InputOf, type OutputOf, type Path } from '../api/client.ts';
import { onHeard, onWall } from './store.ts';

/** Milliseconds after which the event of an accepted act is missed. */
const missedAfterMs = 5_000;
/** Request ids of the stream that are remembered, for events that come before the answer does. */
const rememberedMax = 500;

interface Accepted {
  readonly path: Path;
  readonly atMs: number;
  readonly timer: ReturnType<typeof setTimeout>;
}

const remembered = new Set<string>();
const accepted = new Map<string, Accepted>();
const missed = new Set<string>();
const listeners = new Set<() => void>();
let shown: readonly Path[] = [];

function changed(): void {
  shown = [...missed].flatMap((id) => accepted.get(id)?.path ?? []);
  for (const listener of listeners) listener();
}

/** Ends the wait for the event of an act. */
function seen(requestId: string): void {
  clearTimeout(accepted.get(requestId)?.timer);
  accepted.delete(requestId);
  if (missed.delete(requestId)) changed();
}

onHeard((events) => {
  for (const { requestId } of events) {
    if (requestId?.startsWith('page:') !== true) continue;
    remembered.add(requestId);
    const [oldest] = remembered;
    if (remembered.size > rememberedMax && oldest !== undefined) remembered.delete(oldest);
    seen(requestId);
  }
});

// Facts that were asked for after an act hold it, and the stream goes on behind them.
onWall((askedAtMs) => {
  for (const [requestId, { atMs }] of accepted) if (atMs <= askedAtMs) seen(requestId);
});

/** Carries out a mutation, and watches for its event: nothing counts as done because a button was pressed. */
export async function actAndWatch<P extends Path>(
  path: P,
  input: InputOf<P>,
  requestId: string,
): Promise<OutputOf<P>> {
  const answer = await act(path, input, requestId);
  if (remembered.has(requestId)) return answer;
  const miss = (): void => {
    missed.add(requestId);
    changed();
  };
  accepted.set(requestId, { path, atMs: performance.now(), timer: setTimeout(miss, missedAfterMs) });
  return answer;
}

const subscribe = (listener: () => void): (() => void) => {
  listeners.add(listener);
  return () => listeners.delete(listener);
};

/** The acts that the gateway accepted five seconds ago or more, and that neither an event nor the wall has shown. */
export const useMissed = (): readonly Path[] => useSyncExternalStore(subscribe, () => shown);

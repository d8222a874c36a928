import type { ChainedEvent } from '../store/chain.ts';
import type { EventType } from '../store/events.ts';
import type { GatewayLink } from './connect.ts';

export interface FollowOptions {
  readonly project: string;
  /** Position after which to begin; from now on without one. */
  readonly after?: number;
  readonly types?: readonly EventType[];
  readonly signal?: AbortSignal;
}

/**
 * Events as the gateway streams them, without end, until the signal aborts. A lost connection is taken up again after
 * the last event; a refusal ends the stream with its error.
 */
export async function* follow(
  { client }: GatewayLink,
  { project, after, types, signal }: FollowOptions,
): AsyncGenerator<ChainedEvent> {
  const queue: ChainedEvent[] = [];
  let fault: { readonly error: unknown } | undefined;
  let ended = false;
  let wake: () => void = () => undefined;
  const input = {
    project,
    ...(after === undefined ? {} : { lastEventId: after }),
    ...(types === undefined ? {} : { types: [...types] }),
  };
  const subscription = client.event.stream.subscribe(input, {
    onData: ({ data }) => {
      queue.push(data as ChainedEvent);
      wake();
    },
    onError: (error) => {
      fault = { error };
      wake();
    },
    onComplete: () => {
      ended = true;
      wake();
    },
  });
  const stop = (): void => {
    ended = true;
    wake();
  };
  signal?.addEventListener('abort', stop, { once: true });
  try {
    while (signal?.aborted !== true) {
      const event = queue.shift();
      if (event !== undefined) yield event;
      else if (fault !== undefined) throw fault.error;
      else if (ended) return;
      else await new Promise<void>((resolve) => (wake = resolve));
    }
  } finally {
    signal?.removeEventListener('abort', stop);
    subscription.unsubscribe();
  }
}

/** A signal that aborts on Ctrl-C and SIGTERM, or after a time. `isTimedOut` tells which. */
export function untilInterrupted(timeoutSeconds?: number): {
  readonly signal: AbortSignal;
  isTimedOut(): boolean;
  release(): void;
} {
  const controller = new AbortController();
  let isTimedOut = false;
  const stop = (): void => controller.abort();
  process.once('SIGINT', stop).once('SIGTERM', stop);
  const timer =
    timeoutSeconds === undefined
      ? undefined
      : setTimeout(() => {
          isTimedOut = true;
          stop();
        }, timeoutSeconds * 1000);
  return {
    signal: controller.signal,
    isTimedOut: () => isTimedOut,
    release: () => {
      clearTimeout(timer);
      process.removeListener('SIGINT', stop).removeListener('SIGTERM', stop);
    },
  };
}

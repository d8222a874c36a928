import type { LiveEvent } from './apply.ts';
import { readStream } from './stream.ts';

/** State of the connection, as every tab shows it. */
export type Connection = 'starting' | 'live' | 'cut' | 'foreign';

/** A message between the tabs of a browser. */
export type FeedMessage =
  | { readonly kind: 'events'; readonly events: readonly LiveEvent[] }
  | { readonly kind: 'alive' }
  | { readonly kind: 'state'; readonly state: Connection; readonly why: string };

/** The parts of a tab that the feed needs. */
export interface FeedPorts {
  /** The project that the session is for. */
  readonly project: string;
  /** The position up to which this tab has its facts; undefined while it has none, and may ask in vain. */
  position(): Promise<number | undefined>;
  heard(message: FeedMessage): void;
}

const name = 'andon-feed';
const waitsMs = [1_000, 2_000, 4_000, 8_000, 16_000, 30_000];

/**
 * Follows the log: one tab of the browser reads the stream and hands the events on, and when it closes the
 * next one does. Ends when the signal aborts.
 */
export function follow(ports: FeedPorts, signal: AbortSignal): void {
  const channel = new BroadcastChannel(name);
  channel.onmessage = ({ data }: MessageEvent<FeedMessage>) => ports.heard(data);
  const tell = (message: FeedMessage): void => {
    channel.postMessage(message);
    ports.heard(message);
  };
  signal.addEventListener('abort', () => channel.close());
  navigator.locks.request(name, { signal }, () => lead(ports, tell, signal)).catch(() => undefined);
}

async function lead(
  ports: FeedPorts,
  tell: (message: FeedMessage) => void,
  signal: AbortSignal,
): Promise<void> {
  let tries = 0;
  while (!signal.aborted) {
    const waiting: LiveEvent[] = [];
    let isQueued = false;
    const flush = (): void => {
      isQueued = false;
      tell({ kind: 'events', events: waiting.splice(0) });
    };
    const alive = (): void => {
      if (tries > 0 || !wasLive) tell({ kind: 'state', state: 'live', why: '' });
      tries = 0;
      wasLive = true;
      tell({ kind: 'alive' });
    };
    let wasLive = false;
    const event = (one: LiveEvent): void => {
      waiting.push(one);
      if (isQueued) return;
      isQueued = true;
      setTimeout(flush, 0);
    };
    const from = await ports.position();
    const why =
      from === undefined
        ? 'no facts'
        : await readStream({ project: ports.project, lastEventId: from }, { event, alive }, signal).catch(
            (error: unknown) => error,
          );
    if (waiting.length > 0) flush();
    if (signal.aborted) return;
    tell({ kind: 'state', state: stateOf(why), why: why instanceof Error ? why.message : '' });
    await pause(waitsMs[Math.min(tries, waitsMs.length - 1)] ?? 30_000, signal);
    tries += 1;
  }
}

const stateOf = (error: unknown): Connection =>
  error instanceof Error && error.name === 'NotYourGateway' ? 'foreign' : 'cut';

/** Waits, with a quarter of jitter; at once when the browser is online again or somebody looks. */
function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = (): void => {
      clearTimeout(timer);
      for (const [on, type] of places) on.removeEventListener(type, end);
      resolve();
    };
    const places = [
      [window, 'online'],
      [window, 'focus'],
      [signal, 'abort'],
    ] as const;
    const timer = setTimeout(end, ms * (0.875 + Math.random() / 4));
    for (const [on, type] of places) on.addEventListener(type, end);
  });
}

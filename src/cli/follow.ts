import { defined } from '../lib/defined.ts';
import type { ChainedEvent } from '../store/log/chain.ts';
import type { EventType } from '../store/log/events.ts';
import type { GatewayLink } from './connect.ts';
import { asAndonError } from './refusal.ts';

/** The events to follow. */
export interface FollowOptions {
  readonly project: string;
  /** Position to begin after; the present end when absent. */
  readonly after?: number;
  readonly types?: readonly EventType[];
  readonly signal?: AbortSignal;
}

/**
 * Events as the gateway streams them, without end, until the signal aborts. A lost connection is resumed
 * after the last event, and so is a stream whose token has ended while the next one is there; any other refusal
 * ends the stream with its error.
 */
export async function* follow(link: GatewayLink, options: FollowOptions): AsyncGenerator<ChainedEvent> {
  let after = options.after ?? (await present(link, options));
  for (;;) {
    const held = await link.token();
    try {
      for await (const event of followWith(link, { ...options, after })) {
        after = event.position;
        yield event;
      }
      return;
    } catch (error) {
      if (!isOfToken(error) || (await link.token()) === held) throw error;
    }
  }
}

/** The present end of the log: a stream without a position would begin at another one each time. */
const present = async ({ client }: GatewayLink, { project }: FollowOptions): Promise<number> =>
  (await client.event.list.query({ project, limit: 1 })).latest;

const isOfToken = (error: unknown): boolean =>
  asAndonError(error).reasons.some(({ code }) => code === 'token.expired' || code === 'token.revoked');

async function* followWith(link: GatewayLink, options: FollowOptions): AsyncGenerator<ChainedEvent> {
  const { signal } = options;
  const inbox = new ShownInbox();
  const subscription = subscribe(link, options, inbox);
  const stop = (): void => inbox.end();
  signal?.addEventListener('abort', stop, { once: true });
  if (signal?.aborted === true) stop();
  try {
    yield* inbox.events();
  } finally {
    signal?.removeEventListener('abort', stop);
    subscription.unsubscribe();
  }
}

function subscribe(
  { client }: GatewayLink,
  { project, after, types }: FollowOptions,
  inbox: ShownInbox,
): { unsubscribe(): void } {
  const input = {
    project,
    ...defined({ lastEventId: after, types: types && [...types] }),
  };
  return client.event.stream.subscribe(input, {
    onData: ({ data }) => inbox.put(data),
    onError: (error) => inbox.end({ error }),
    onComplete: () => inbox.end(),
  });
}

/** Queue of events between the stream and its reader. */
class ShownInbox {
  readonly #queue: ChainedEvent[] = [];
  #end: { readonly error?: unknown } | undefined;
  #wake: () => void = () => undefined;

  put(event: ChainedEvent): void {
    this.#queue.push(event);
    this.#wake();
  }

  /** Ends the queue; with an error the reader gets it. The first end counts. */
  end(end: { readonly error?: unknown } = {}): void {
    this.#end ??= end;
    this.#wake();
  }

  async *events(): AsyncGenerator<ChainedEvent> {
    for (;;) {
      const event = this.#queue.shift();
      if (event !== undefined) yield event;
      else if (this.#end === undefined) await this.#change();
      else if ('error' in this.#end) throw this.#end.error;
      else return;
    }
  }

  #change(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }
}

/** A signal that aborts on Ctrl-C and SIGTERM, or after a time. `isTimedOut` tells these apart. */
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

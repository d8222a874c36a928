import { CutOff, isEnding, refusalIn, send, tellEnded } from '../api/client.ts';
import { unproved } from '../api/session.ts';
import type { LiveEvent } from './apply.ts';

/** Hears the stream: events, and each sign that the gateway lives. */
export interface StreamHeard {
  event(event: LiveEvent): void;
  alive(): void;
}

interface Message {
  readonly name: string;
  readonly data: string;
}

/** Cuts the messages of server-sent events out of pieces of text. */
function createReader(heard: (message: Message) => void): (piece: string) => void {
  let rest = '';
  return (piece) => {
    const blocks = `${rest}${piece}`.split(/\r?\n\r?\n/);
    rest = blocks.pop() ?? '';
    for (const block of blocks) {
      const fields = block.split(/\r?\n/);
      const textOf = (field: string) =>
        fields
          .filter((line) => line.startsWith(`${field}:`))
          .map((line) => line.slice(field.length + 1).replace(/^ /, ''))
          .join('\n');
      heard({ name: textOf('event'), data: textOf('data') });
    }
  };
}

/** Silence in milliseconds after which a stream counts as dead: its heartbeat comes every ten seconds. */
const silentMsMax = 25_000;

/**
 * Reads the stream of events after a position until it ends. Rejects with CutOff when it is cut off or falls
 * silent, and with the refusal when it is refused.
 */
export async function readStream(
  input: { readonly project: string; readonly lastEventId: number },
  heard: StreamHeard,
  signal: AbortSignal,
): Promise<void> {
  const path = `/trpc/event.stream?input=${encodeURIComponent(JSON.stringify(input))}`;
  const silence = new AbortController();
  const signals = AbortSignal.any([signal, silence.signal]);
  let timer = setTimeout(() => silence.abort(), silentMsMax);
  try {
    const response = await send({ method: 'GET', path, accept: 'text/event-stream', signal: signals });
    if (!response.ok || response.body === null) throw await refusalIn(response);
    const reader = createReader((message) => {
      clearTimeout(timer);
      timer = setTimeout(() => silence.abort(), silentMsMax);
      heard.alive();
      take(message, heard);
    });
    const decoder = new TextDecoder();
    for await (const bytes of chunksOf(response.body)) reader(decoder.decode(bytes, { stream: true }));
    throw new CutOff('the stream ended');
  } catch (error) {
    unproved();
    if (isEnding(error)) tellEnded(error);
    throw error instanceof TypeError || error instanceof DOMException ? new CutOff(error) : error;
  } finally {
    clearTimeout(timer);
  }
}

async function* chunksOf(body: ReadableStream<Uint8Array>): AsyncGenerator<Uint8Array> {
  const reader = body.getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      yield value;
    }
  } finally {
    reader.releaseLock();
  }
}

function take({ name, data }: Message, heard: StreamHeard): void {
  if (name !== '' || data === '') {
    if (name === 'serialized-error') throw new CutOff(data);
    return;
  }
  const said = JSON.parse(data) as { readonly position?: number };
  if (typeof said.position === 'number') heard.event(said as LiveEvent);
}

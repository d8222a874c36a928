import type { Duplex } from 'node:stream';
import { deserialize, serialize } from 'node:v8';

const headBytes = 4;

/**
 * Sends one message over a stream: its length in four bytes, then its structured clone. Resolves when the message has been
 * handed to the system, so that it reaches the reader whatever happens to the sender afterwards.
 */
export function sendFrame(stream: Duplex, message: unknown): Promise<void> {
  const body = serialize(message);
  const head = Buffer.alloc(headBytes);
  head.writeUInt32BE(body.length);
  return new Promise((resolve) => stream.write(Buffer.concat([head, body]), () => resolve()));
}

/** Hears every message of a stream in order. `onFault` is told of a message longer than `bytesMax`, or of one that is none. */
export function hearFrames(
  stream: Duplex,
  bytesMax: number,
  onMessage: (message: unknown) => void,
  onFault: (found: string) => void,
): void {
  let parts: Buffer[] = [];
  let bytes = 0;
  /** Bytes that the first message needs, with its length; those of the length alone until that is known. */
  let needed = headBytes;
  const take = (): void => {
    let buffer = Buffer.concat(parts);
    for (; buffer.length >= headBytes; buffer = buffer.subarray(needed)) {
      needed = headBytes + buffer.readUInt32BE();
      if (needed > headBytes + bytesMax) throw new Error(`a message of ${needed - headBytes} bytes`);
      if (buffer.length < needed) break;
      onMessage(deserialize(buffer.subarray(headBytes, needed)));
    }
    if (buffer.length < headBytes) needed = headBytes;
    parts = buffer.length === 0 ? [] : [buffer];
    bytes = buffer.length;
  };
  stream.on('data', (chunk: Buffer) => {
    parts.push(chunk);
    bytes += chunk.length;
    if (bytes < needed) return;
    try {
      take();
    } catch (error) {
      onFault(error instanceof Error ? error.message : String(error));
    }
  });
}

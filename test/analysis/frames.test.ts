import { PassThrough } from 'node:stream';
import { serialize } from 'node:v8';
import { describe, expect, it } from 'vitest';
import { hearFrames, sendFrame } from '../../src/analysis/frames.ts';

const bytesMax = 1_000;

function heard() {
  const stream = new PassThrough();
  const [messages, faults]: [unknown[], string[]] = [[], []];
  hearFrames(
    stream,
    bytesMax,
    (message) => messages.push(message),
    (found) => faults.push(found),
  );
  return { stream, messages, faults };
}

/** The bytes that a sender puts on a stream for these messages. */
async function bytesOf(...messages: unknown[]): Promise<Buffer> {
  const stream = new PassThrough();
  for (const message of messages) await sendFrame(stream, message);
  return stream.read() as Buffer;
}

const framed = (body: Buffer): Buffer => {
  const head = Buffer.alloc(4);
  head.writeUInt32BE(body.length);
  return Buffer.concat([head, body]);
};

describe('messages over a stream', () => {
  const sent = [
    { kind: 'ts', bytes: new Uint8Array([0, 255, 13]) },
    [],
    'é\u0000',
    { answer: { units: [] } },
  ];

  it('arrive whole and in order, wherever the stream cuts them', async () => {
    const bytes = await bytesOf(...sent);
    for (const size of [1, 2, 3, 5, 7, 64, bytes.length]) {
      const { stream, messages, faults } = heard();
      for (let at = 0; at < bytes.length; at += size) stream.write(bytes.subarray(at, at + size));
      await expect.poll(() => messages).toEqual(sent);
      expect(faults).toEqual([]);
    }
  });

  it('are handed on one by one, before the last of them has come', async () => {
    const bytes = await bytesOf('first', 'second');
    const { stream, messages } = heard();
    stream.write(bytes.subarray(0, bytes.length - 1));
    await expect.poll(() => messages).toEqual(['first']);
    stream.write(bytes.subarray(-1));
    await expect.poll(() => messages).toEqual(['first', 'second']);
  });

  it.each([
    ['longer than the limit, before they are read', framed(serialize('x'.repeat(bytesMax))).subarray(0, 8)],
    ['that are none', framed(Buffer.from('no message'))],
  ])('are a fault when there are some %s', async (_what, bytes) => {
    const { stream, messages, faults } = heard();
    stream.write(bytes);
    await expect.poll(() => faults.length).toBe(1);
    expect(messages).toEqual([]);
  });
});

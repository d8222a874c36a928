import { describe, expect, it } from 'vitest';
import { OutputFeed } from '../../../src/runner/output/output-feed.ts';
import { Redactor } from '../../../src/runner/output/redact.ts';

const secret = 'eyJhbGciOi.c2VjcmV0.c2lnbmF0dXJl';

function feedOf(...chunks: string[]): string {
  const mask = new Redactor();
  mask.add(secret);
  mask.add('short');
  const feed = new OutputFeed(mask);
  const pieces: string[] = [];
  for (const chunk of chunks) {
    feed.add(Buffer.from(chunk));
    pieces.push(...feed.take());
  }
  feed.end();
  return [...pieces, ...feed.take()].join('');
}

describe('what a run prints', () => {
  it('is stored without its secrets, wherever a piece of output ends', () => {
    for (let cut = 0; cut <= secret.length; cut++)
      expect(feedOf(`a ${secret.slice(0, cut)}`, `${secret.slice(cut)} b`)).toBe('a [secret] b');
  });

  it('is stored whole where it only looks like the beginning of a secret', () => {
    expect(feedOf('a eyJhbGci', 'x short')).toBe('a eyJhbGcix short');
    expect(feedOf('a eyJhbGci')).toBe('a eyJhbGci');
  });
});

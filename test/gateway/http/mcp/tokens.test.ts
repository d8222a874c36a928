import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { charactersWithin, tokensAbout } from '../../../../src/gateway/http/mcp/answers/tokens.ts';
import { random } from '../../../support/random.ts';
import { tokensOf } from '../../../support/tokens.ts';

const bytesOf = (start: number, length: number): Buffer => {
  const next = random(start);
  return Buffer.from(Array.from({ length }, () => Math.floor(next() * 256)));
};
const source = readFileSync(new URL('../../../../src/app.ts', import.meta.url), 'utf8');
const page = readFileSync(new URL('../../../../ARCHITECTURE.md', import.meta.url), 'utf8');
const rows = JSON.stringify(
  Array.from({ length: 50 }, (_, n) => ({
    id: `endpoint-${n}`,
    title: `Endpoint number ${n}`,
    state: 'ready',
  })),
);

describe('the estimate of tokens', () => {
  it.each([
    ['a source', source, 0.95, 1.4],
    ['a source as JSON', JSON.stringify(source), 0.95, 1.4],
    ['prose', page, 0.95, 1.3],
    ['rows', rows, 0.95, 1.5],
    ['random bytes as text', bytesOf(7, 3000).toString('base64'), 0.7, 1.1],
    ['hexadecimal', bytesOf(8, 3000).toString('hex'), 0.8, 1.2],
    ['Chinese', '这是一个测试文件，其中包含许多汉字。'.repeat(30), 1, 2],
  ])('is near the number of a real encoding for %s', (_name, text, least, most) => {
    const ratio = tokensAbout(text) / tokensOf(text);
    expect(ratio).toBeGreaterThan(least);
    expect(ratio).toBeLessThan(most);
  });

  it('finds the beginning that fits, and never cuts a character in two', () => {
    const emoji = '😀'.repeat(100);
    const at = charactersWithin(emoji, 10);
    expect([at, emoji.slice(0, at)]).toEqual([20, '😀'.repeat(10)]);
    expect(charactersWithin('short', 10)).toBe(5);
    expect(tokensAbout(source.slice(0, charactersWithin(source, 100)))).toBeLessThanOrEqual(100);
  });
});

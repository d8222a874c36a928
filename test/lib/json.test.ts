import { describe, expect, it } from 'vitest';
import { jsonOf, readJson } from '../../src/lib/json.ts';

const nested = (depth: number): string => '['.repeat(depth) + ']'.repeat(depth);

describe('reading JSON of others', () => {
  it.each([
    [nested(5), { value: [[[[[]]]]] }],
    [nested(6), { fault: 'deep' }],
    [`{"a":"${'['.repeat(20)}"}`, { value: { a: '['.repeat(20) } }],
    [String.raw`{"a":"\"[[[[[[[[["}`, { value: { a: '"[[[[[[[[[' } }],
    ['{"__proto__":{}}', { fault: 'proto' }],
    [String.raw`{"a":{"\u005f_proto__":1}}`, { fault: 'proto' }],
    ['{"a":"__proto__"}', { value: { a: '__proto__' } }],
    ['null', { value: null }],
    ['', { fault: 'syntax', found: expect.any(String) }],
    ['{"a":1', { fault: 'syntax', found: expect.any(String) }],
  ])('answers %s with its value or its fault, at a depth of five at most', (text, read) => {
    expect(readJson(text, 5)).toEqual(read);
  });

  it('goes as deep as a text does where no depth is given, and tells nothing of what is not read', () => {
    expect(readJson(nested(200)).fault).toBeUndefined();
    expect([jsonOf('{'), jsonOf('{"__proto__":1}'), jsonOf('[1]')]).toEqual([undefined, undefined, [1]]);
  });
});

import { describe, expect, it } from 'vitest';
import { parseJson } from '../../../src/gateway/http/json.ts';

// Members that the schemas of the procedures refuse anyway must not get as far as them.
describe('a member named __proto__', () => {
  it.each([
    ['as it is', '{"__proto__":{"admin":true}}'],
    ['deep inside', '{"a":[{"b":{"__proto__":1}}]}'],
    ['with its first letter escaped', String.raw`{"\u005f_proto__":{}}`],
    ['with a letter in the middle escaped', String.raw`{"__pr\u006Fto__":{}}`],
  ])('is refused %s', (_name, text) => {
    expect(() => parseJson(text)).toThrow('a member `__proto__`');
  });

  it('may be named in a text', () => {
    expect(parseJson('{"a":"__proto__"}')).toEqual({ a: '__proto__' });
  });
});

import { describe, expect, it } from 'vitest';
import type { ScriptKind } from '../../src/policies/measure/source-kind.ts';
import { opaquePolicy } from '../../src/policies/opaque.ts';
import { unitsOf } from '../support/measure.ts';

const found = (after: string, before = '', kind: ScriptKind = 'ts'): string[] =>
  opaquePolicy(new Map([['a.ts', unitsOf(before, kind)]]), new Map([['a.ts', unitsOf(after, kind)]])).map(
    (one) => `${one.subject}: ${one.found}`,
  );

describe('the opaque policy', () => {
  it('lets a unit be that hid code before, and refuses it when it is altered', () => {
    const legacy = 'function f() { eval(x); }\nfunction g() {}';
    expect(found(legacy.replace('g() {}', 'g() { x(); }'), legacy)).toEqual([]);
    expect(found(legacy.replace('(x)', '(y)'), legacy)).toEqual(['a.ts:1 f: eval']);
  });

  it.each([
    'page.$eval("a", f)',
    'redis.eval(script)',
    'const o = { eval: 1, Function: 2 }; o.eval',
    'value instanceof Function',
    'const prop = { type: Function }',
    'Function.prototype.call',
    'let f: Function',
    'setTimeout(() => 1, 5)',
    'setTimeout(run, 5)',
    'clock.setTimeout("name", 5)',
    'import("./a.js")',
    'class C { eval() {} }',
  ])('has nothing against `%s`', (text) => {
    expect(found(text)).toEqual([]);
  });

  it('lets declarations be in a declaration file', () => {
    const text =
      'export declare class C { static readonly a = 1; m(): void }\ndeclare const x: () => void;\nexport {};';
    expect(found(text, '', 'd.ts')).toEqual([]);
  });
});

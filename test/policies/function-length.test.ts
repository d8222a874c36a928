import { describe, expect, it } from 'vitest';
import { plainRules } from '../../src/policies/code-rules.ts';
import { functionLengthPolicy } from '../../src/policies/function-length.ts';
import { unitsOf } from '../support/measure.ts';

const rules = plainRules({ complexity: 8, lines: 5 });
const refused = (before: string, after: string): string[] =>
  functionLengthPolicy(new Map([['a.ts', unitsOf(before)]]), new Map([['a.ts', unitsOf(after)]]), rules).map(
    (one) => `${one.subject} ${one.found}/${one.limit}${one.before === undefined ? '' : `<${one.before}`}`,
  );
const lines = (count: number, line = 'x();'): string => `${`${line}\n`.repeat(count)}`;
const long = `function long() {\n${lines(6)}}`;

describe('the function length policy', () => {
  it('lets a function of the limit pass and refuses one line more', () => {
    expect(refused('', `function f() {\n${lines(3)}}`)).toEqual([]);
    expect(refused('', `function f() {\n${lines(4)}}`)).toEqual(['a.ts:1 f 6/5']);
  });

  it('counts blank lines and comments', () => {
    expect(refused('', `function f() {\n${lines(2, '')}${lines(2, '// x')}}`)).toEqual(['a.ts:1 f 6/5']);
  });

  it('has no limit for top-level code and field initializers', () => {
    expect(refused('', `${lines(10)}class C { table = [\n${lines(10, '1,')}]; }`)).toEqual([]);
  });

  it('has one for a function that is called where it stands and for a static block', () => {
    expect(refused('', `(() => {\n${lines(4)}})();\nclass C { static {\n${lines(4)}} }`)).toHaveLength(2);
  });

  it('lets a long function be that is unaltered or altered without growth, and refuses growth inside it', () => {
    const outer = `function outer() {\n${lines(6)}return () => 1; }`;
    expect(refused(outer, `\n${outer}`)).toEqual([]);
    expect(refused(outer, outer.replace('1', '2'))).toEqual([]);
    expect(refused(outer, outer.replace('1', '{\n1; }'))).toEqual(['a.ts:1 outer 9/5<8']);
  });

  it('lets a long function be split, however long the rest of it still is', () => {
    const half = `function long() {\n${lines(5)}rest(); }\nfunction rest() {\n${lines(2)}}`;
    expect(refused(`function long() {\n${lines(9)}}`, half)).toEqual([]);
    const tooLong = `function long() {\n${lines(5)}rest(); }\nfunction rest() {\n${lines(9)}}`;
    expect(refused(`function long() {\n${lines(9)}}`, tooLong)).toEqual(['a.ts:8 rest 11/5']);
  });

  it('refuses a function that comments or layout alone take over the limit, and no longer one above it', () => {
    expect(refused('function f() { x(); x(); }', `function f() {\n\n\n\nx();\nx(); }`)).toEqual([
      'a.ts:1 f 6/5<1',
    ]);
    expect(refused(long, long.replace('{', '{ // why\n'))).toEqual([]);
  });

  it('pairs the longest first, so that equal functions of different layout do not lend their length', () => {
    const short = 'function f() { x(); x(); }';
    const tall = 'function f() {\n\n\n\nx();\nx(); }';
    expect(refused(`${short}\n${tall}`, `${tall}\n${short}`)).toEqual([]);
    expect(refused(`${short}\n${tall}`, `${tall}\n${tall}`)).toEqual(['a.ts:7 f 6/5<1']);
  });
});

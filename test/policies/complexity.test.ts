import { describe, expect, it } from 'vitest';
import type { UnitsByPath } from '../../src/policies/altered.ts';
import { plainRules } from '../../src/policies/code-rules.ts';
import { complexityPolicy } from '../../src/policies/complexity.ts';
import { unitsOf } from '../support/measure.ts';

const rules = plainRules({ complexity: 2, lines: 60 });
const units = (files: Record<string, string>): UnitsByPath =>
  new Map(Object.entries(files).map(([path, text]) => [path, unitsOf(text)]));
const refused = (before: Record<string, string>, after: Record<string, string>): string[] =>
  complexityPolicy(units(before), units(after), rules).map(
    (one) => `${one.subject} ${one.found}/${one.limit}${one.before === undefined ? '' : `<${one.before}`}`,
  );

const simple = 'function simple() { if (a) b(); }';
const complex = 'function complex() { if (a && b) c(); }';
const anonymous = 'list.map(() => a && b && c);';

describe('the complexity policy', () => {
  it('refuses an added function above the limit, at its line and by its name', () => {
    expect(refused({}, { 'a.ts': `${simple}\n${complex}` })).toEqual(['a.ts:2 complex 3/2']);
  });

  it('lets an altered function be that is no worse than it was, and refuses it when it is', () => {
    expect(refused({ 'a.ts': complex }, { 'a.ts': complex.replace('c()', 'd()') })).toEqual([]);
    expect(refused({ 'a.ts': complex }, { 'a.ts': complex.replace('c()', 'd() || e') })).toEqual([
      'a.ts:1 complex 4/2<3',
    ]);
    expect(refused({ 'a.ts': simple }, { 'a.ts': simple.replace('(a)', '(a && c)') })).toEqual([
      'a.ts:1 simple 3/2<2',
    ]);
  });

  it('lets a function be mended halfway, and never holds it against an even earlier number', () => {
    const worse = complex.replace('c()', 'a || b || c');
    expect(refused({ 'a.ts': worse }, { 'a.ts': complex })).toEqual([]);
    expect(refused({ 'a.ts': complex }, { 'a.ts': worse })).toEqual(['a.ts:1 complex 5/2<3']);
  });

  it('lets an unaltered function be, wherever it moved in the file and whatever comments say', () => {
    expect(
      refused(
        { 'a.ts': `${complex}\n${simple}` },
        { 'a.ts': `${simple}\n// new\n${complex.replace('{', '{ // x\n')}` },
      ),
    ).toEqual([]);
  });

  it('lets an unaltered function be that moved to another file of the change', () => {
    expect(refused({ 'a.ts': complex }, { 'b.ts': complex })).toEqual([]);
  });

  it('refuses a copy of a function above the limit, in the same file or another', () => {
    expect(refused({ 'a.ts': complex }, { 'a.ts': `${complex}\n${complex}` })).toHaveLength(1);
    expect(refused({ 'a.ts': complex }, { 'a.ts': complex, 'b.ts': complex })).toEqual([
      'b.ts:1 complex 3/2',
    ]);
  });

  it('takes a renamed function as altered', () => {
    expect(refused({ 'a.ts': complex }, { 'a.ts': complex.replace('complex', 'other') })).toEqual([
      'a.ts:1 other 3/2',
    ]);
    expect(
      refused({ 'a.ts': 'const f = () => a && b && c;' }, { 'a.ts': 'const g = () => a && b && c;' }),
    ).toEqual(['a.ts:1 g 3/2']);
  });

  it('tells equal names and anonymous functions apart by what they hold', () => {
    const other = anonymous.replace('c', 'd');
    expect(refused({ 'a.ts': anonymous }, { 'a.ts': `${other}\n${anonymous}` })).toEqual([
      'a.ts:1 <anonymous> 3/2',
    ]);
    expect(refused({ 'a.ts': `${anonymous}\n${anonymous}` }, { 'a.ts': anonymous })).toEqual([]);
  });

  it('knows a function by its classes and functions around it', () => {
    const twins = 'class A { m() { a && b && c; } }\nclass B { m() { a && d; } }';
    expect(refused({ 'a.ts': twins }, { 'a.ts': twins.replace('a && d', 'a && b && d') })).toEqual([
      'a.ts:2 B.m 3/2<2',
    ]);
    const nested = 'function outer() { function inner() { a && b && c; } }';
    expect(
      refused({ 'a.ts': nested }, { 'a.ts': `${nested}\nconst api = { inner() { a && b && d; } };` }),
    ).toEqual(['a.ts:2 api.inner 3/2']);
  });

  it('lets none of several functions of one name take the place of a larger one that still stands', () => {
    const two = (one: string, other: string): string => `f(() => ${one});\nf(() => ${other});`;
    const [small, large] = ['a && b', 'a && b && c && d'];
    // The smaller one grows beside the larger one, altered or not.
    expect(refused({ 'a.ts': two(small, large) }, { 'a.ts': two(large.replace('d', 'e'), large) })).toEqual([
      'a.ts:1 <anonymous> 4/2<2',
    ]);
    expect(
      refused({ 'a.ts': two(small, large) }, { 'a.ts': two(`${large} && e`, large.replace('a', 'x')) }),
    ).toHaveLength(2);
    expect(refused({ 'a.ts': two(small, large) }, { 'a.ts': two(small, large.replace('d', 'e')) })).toEqual(
      [],
    );
  });

  it('does not lend the number of the module to a function that bears its name', () => {
    const module = 'if (a && b && c) d();';
    expect(
      refused({ 'a.ts': module }, { 'a.ts': `const o = { x: { ['<module>']() { return a && b && c; } } };` }),
    ).toHaveLength(1);
    expect(refused({ 'a.ts': module }, { 'a.ts': `f({ '<module>'() { return a && b && c; } });` })).toEqual([
      'a.ts:1 <module> 3/2',
    ]);
  });

  it('holds a renamed file against its old path, which stands on both sides', () => {
    const [reason] = complexityPolicy(
      units({ 'new.ts': complex }),
      units({ 'new.ts': complex.replace('c()', 'a || b') }),
      rules,
    );
    expect(reason).toMatchObject({ found: 4, limit: 2, before: 3 });
  });

  it('takes limits by path and name', () => {
    const limitsOf = (path: string, unit: string) => ({
      complexity: path === 'a.ts' && unit === 'complex' ? 3 : 1,
      lines: 9,
    });
    const after = units({ 'a.ts': `${simple}\n${complex}`, 'b.ts': complex });
    const found = complexityPolicy(new Map(), after, { limitsOf });
    expect(found.map(({ subject }) => subject)).toEqual(['a.ts:1 simple', 'b.ts:1 complex']);
  });

  it('does not take a function as altered because one inside it is', () => {
    const outer = 'function outer() { if (a && b) return () => 1; }';
    expect(refused({ 'a.ts': outer }, { 'a.ts': outer.replace('1', '2') })).toEqual([]);
  });

  it('counts top-level code as a unit and says how to mend it', () => {
    const [reason] = complexityPolicy(new Map(), units({ 'a.ts': 'if (a && b) c();' }), rules);
    expect(reason).toMatchObject({
      subject: 'a.ts:1 <module>',
      next: 'move top-level decisions into functions',
    });
  });
});

import { describe, expect, it } from 'vitest';
import type { UnitsByPath } from '../../src/policies/altered.ts';
import { complexityPolicy } from '../../src/policies/complexity.ts';
import { unitsOf } from '../support/measure.ts';

const limits = { complexity: 2, lines: 60 };
const units = (files: Record<string, string>): UnitsByPath =>
  new Map(Object.entries(files).map(([path, text]) => [path, unitsOf(text)]));
const refused = (before: Record<string, string>, after: Record<string, string>): string[] =>
  complexityPolicy(units(before), units(after), limits).map(
    (one) => `${one.subject} ${one.found}/${one.limit}`,
  );

const simple = 'function simple() { if (a) b(); }';
const complex = 'function complex() { if (a && b) c(); }';
const anonymous = 'list.map(() => a && b && c);';

describe('the complexity policy', () => {
  it('refuses an added function above the limit, at its line and by its name', () => {
    expect(refused({}, { 'a.ts': `${simple}\n${complex}` })).toEqual(['a.ts:2 complex 3/2']);
  });

  it('refuses an altered function that was above the limit and still is', () => {
    expect(refused({ 'a.ts': complex }, { 'a.ts': complex.replace('c()', 'd()') })).toEqual([
      'a.ts:1 complex 3/2',
    ]);
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
    const twins = 'class A { m() { a && b && c; } }\nclass B { m() { a && b && d; } }';
    expect(refused({ 'a.ts': twins }, { 'a.ts': twins.replace('d;', 'e;') })).toEqual(['a.ts:2 m 3/2']);
  });

  it('does not take a function as altered because one inside it is', () => {
    const outer = 'function outer() { if (a && b) return () => 1; }';
    expect(refused({ 'a.ts': outer }, { 'a.ts': outer.replace('1', '2') })).toEqual([]);
  });

  it('counts top-level code as a unit and says how to mend it', () => {
    const [reason] = complexityPolicy(new Map(), units({ 'a.ts': 'if (a && b) c();' }), limits);
    expect(reason).toMatchObject({
      subject: 'a.ts:1 <module>',
      next: 'move top-level decisions into functions',
    });
  });
});

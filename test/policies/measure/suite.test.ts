import { expect, it } from 'vitest';
import { unitsOf } from '../../support/measure.ts';

const suites = (text: string): number => unitsOf(text).filter(({ suite }) => suite === true).length;

it.each([
  "describe('a', () => {})",
  "describe.only('a', function () {})",
  "describe.each([1])('a', () => {})",
  `it.each\`a\n\${1}\`('b', () => {})`,
  "test.describe.serial('a', async () => {})",
  'beforeEach(() => {})',
  "test('a', { timeout: 1 }, () => {})",
  "t.test('a', async (t) => {})",
  "QUnit.module('a', () => {})",
  "it.effect('a', () => {})",
])('takes the function of `%s` for a suite', (text) => {
  expect(suites(text)).toBe(1);
});

it.each([
  "descibe('a', () => {})",
  'run(describe, () => {})',
  "describe('a', make(() => {}))",
  "x.describe('a', () => {})",
  't.once(() => {})',
  '(() => {})(describe)',
  'const describe = () => {}',
  "describe('a', { run() {} })",
  "describe('a', class { m() {} })",
])('takes no function of `%s` for one', (text) => {
  expect(suites(text)).toBe(0);
});

it('gives a function the names around it', () => {
  const text = `namespace N { export class A { static b = () => { function c() {} }; get d() { return 1; } } }
const api = { send() { return () => 1; }, deep: { x: () => 2 } };
module.exports = { y: function () {} }; exports.z = () => 1; export default class { m() {} }
class B { [key]() {} static {} constructor() { const k = class { m() {} }; } }`;
  expect(unitsOf(text).map(({ qualified }) => qualified)).toEqual([
    '<module>',
    'N.A.b',
    'N.A.b.b',
    'N.A.b.b.c',
    'N.A.d',
    'api.send',
    'api.send.<anonymous>',
    'api.deep.x',
    'exports.y',
    'z',
    '<class>.m',
    'B.[computed]',
    'B.<static>',
    'B.constructor',
    'B.constructor.k.m',
  ]);
});

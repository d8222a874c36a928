import { expect, it } from 'vitest';
import { sourceReason } from '../../src/policies/altered.ts';
import { baselineOf, beyondBaseline } from '../../src/policies/baseline.ts';

const finding = (unit: string, found: number, path = 'a.ts', line = 1) =>
  sourceReason('complexity', { path, line, unit }, { found, limit: 8 });
const words = (list: ReturnType<typeof beyondBaseline>) =>
  list.map(({ at, found, before }) => `${at.path}:${at.line} ${at.unit} ${found}<${before}`);

it('lets findings be that are no worse, wherever they moved in their file, and names new and worse ones', () => {
  const baseline = baselineOf([finding('f', 12), finding('g', 9)]);
  expect(beyondBaseline([finding('f', 12, 'a.ts', 40), finding('g', 9)], baseline)).toEqual([]);
  expect(
    words(beyondBaseline([finding('f', 13), finding('h', 9), finding('f', 9, 'b.ts')], baseline)),
  ).toEqual(['a.ts:1 f 13<12', 'a.ts:1 h 9<undefined', 'b.ts:1 f 9<undefined']);
});

it('holds the k-th largest of one name against the k-th largest, and one more as new', () => {
  const baseline = baselineOf([finding('f', 9), finding('f', 20)]);
  expect(baseline.files['a.ts']).toEqual([{ rule: 'complexity', unit: 'f', found: [20, 9] }]);
  expect(words(beyondBaseline([finding('f', 20), finding('f', 20, 'a.ts', 7)], baseline))).toEqual([
    'a.ts:7 f 20<9',
  ]);
  expect(
    words(beyondBaseline([finding('f', 9), finding('f', 9), finding('f', 9, 'a.ts', 8)], baseline)),
  ).toEqual(['a.ts:8 f 9<undefined']);
});

it('holds sizes by their number, and findings without a number by their count', () => {
  const wide = (columns: number) =>
    sourceReason('source.size', { path: 'a.ts', line: 3 }, { found: `${columns} characters in a line` });
  const hidden = () => sourceReason('source.opaque', { path: 'a.ts', line: 1, unit: 'f' }, { found: 'eval' });
  const baseline = baselineOf([wide(6_000), hidden()]);
  expect(beyondBaseline([wide(5_999), hidden()], baseline)).toEqual([]);
  expect(beyondBaseline([wide(6_001), hidden(), hidden()], baseline)).toHaveLength(2);
});

it('takes paths and names for nothing but keys', () => {
  const odd = [finding('constructor', 12, '__proto__'), finding('toString', 12, 'constructor')];
  const baseline = baselineOf(odd);
  expect(beyondBaseline(odd, JSON.parse(JSON.stringify(baseline)))).toEqual([]);
  expect(beyondBaseline([finding('f', 9, 'toString')], baseline)).toHaveLength(1);
});

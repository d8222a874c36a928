import type { CheckSettings } from '../../policies/code-rules.ts';
import { defaultTestGlobs } from '../../policies/test-globs.ts';
import type { Plan } from '../plan.ts';
import { type GuardChange, gained, same } from './guard-change.ts';
import { isWider } from './scopes.ts';

/** The changes of the member `checks`: test code, limits by path, exceptions. */
export function checkChanges({ checks: before = {} }: Plan, { checks: after = {} }: Plan): GuardChange[] {
  return [
    ...testChanges(before, after),
    ...limitRowChanges(before, after),
    ...exceptionChanges(before, after),
    ...unmeasuredChanges(before, after),
  ];
}

function testChanges(before: CheckSettings, after: CheckSettings): GuardChange[] {
  if (same(before.tests, after.tests)) return [];
  const [was, is] = [before.tests ?? defaultTestGlobs, after.tests ?? defaultTestGlobs];
  return [change('tests', before.tests, after.tests, isWider(was, is))];
}

/** Rows as a whole, since the last one that fits wins: rows that come to stand in the way of others may weaken these. */
function limitRowChanges(before: CheckSettings, after: CheckSettings): GuardChange[] {
  if (same(before.limits, after.limits)) return [];
  return [change('limits', before.limits, after.limits, true)];
}

const exceptionChanges = (before: CheckSettings, after: CheckSettings): GuardChange[] => [
  ...gained(after.exceptions, before.exceptions).map((one) => change('exceptions', one, undefined, false)),
  ...gained(before.exceptions, after.exceptions).map((one) => change('exceptions', undefined, one, true)),
];

const unmeasuredChanges = (before: CheckSettings, after: CheckSettings): GuardChange[] =>
  before.unmeasured === after.unmeasured
    ? []
    : [change('unmeasured', before.unmeasured, after.unmeasured, before.unmeasured === 'refuse')];

const change = (name: string, before: unknown, after: unknown, weakens: boolean): GuardChange => ({
  where: `checks.${name}`,
  member: 'checks',
  before,
  after,
  weakens,
});

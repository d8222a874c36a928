import { expect, it } from 'vitest';
import { defined } from '../../src/lib/defined.ts';

it('leaves out what is undefined, and nothing else', () => {
  const limit: number | undefined = undefined;
  const found = defined({ limit, none: null, no: false, zero: 0, empty: '' });
  const typed: { limit?: number; none: null } = found;
  expect(Object.entries(typed)).toEqual([
    ['none', null],
    ['no', false],
    ['zero', 0],
    ['empty', ''],
  ]);
});

it('makes of an environment with gaps one without', () => {
  const env: Readonly<Record<string, string | undefined>> = { PATH: '/bin', HOME: undefined };
  const whole: Record<string, string> = defined(env);
  expect(Object.keys(whole)).toEqual(['PATH']);
});

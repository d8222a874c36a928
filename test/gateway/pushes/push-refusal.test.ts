import { expect, test } from 'vitest';
import { printable, refusalLines } from '../../../src/gateway/pushes/push-refusal.ts';
import { reason } from '../../../src/lib/decision.ts';

test('a refusal names the ref, every reason in columns, and the next steps once', () => {
  const reasons = [
    reason('scope.write', 'src/pay/charge.ts', { found: 'outside src/cart/**' }),
    reason('complexity', 'src/cart/add.ts:41 addItem', { found: 12, limit: 8 }),
    reason('complexity', 'src/cart/add.ts:99 x', { found: 9, limit: 8 }),
  ];
  expect(refusalLines('refs/heads/task/cart-api/3/work', reasons)).toEqual([
    'andon: refused task/cart-api/3/work (3 reasons)',
    '  scope.write  src/pay/charge.ts           outside src/cart/**',
    '  complexity   src/cart/add.ts:41 addItem  12, limit 8',
    '  complexity   src/cart/add.ts:99 x        9, limit 8',
    'next: leave the path out, or ask for it: andon task ask <task> "…"; split the function; push again',
  ]);
});

test('a push that is named is the last step', () => {
  const next = 'git push --no-follow-tags origin HEAD:refs/heads/task/a/1/work';
  const reasons = [reason('ref.namespace', 'refs/tags/v1', { next }), reason('complexity', 'a.ts:1 a')];
  expect(refusalLines('refs/tags/v1', reasons).at(-1)).toBe(`next: split the function; ${next}`);
});

test('a path cannot draw on the terminal', () => {
  expect(printable('a\u001b[2J\nb\u202ec\u2028')).toBe('a\\u001b[2J\\u000ab\\u202ec\\u2028');
});

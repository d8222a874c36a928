import { describe, expect, it } from 'vitest';
import { reason } from '../../src/lib/decision.ts';
import { type AccessFacts, type AccessRequest, authorise } from '../../src/tiers/authorise.ts';
import type { Capability, Grant } from '../../src/tiers/capability.ts';
import { fullCapability, grantOf } from '../support/capabilities.ts';

const cap = fullCapability('implementer', {
  write: ['src/cart/**'],
  deny: ['src/cart/keys/**'],
  read: ['src/**'],
  phases: ['build'],
});
const facts: AccessFacts = { nowSeconds: 1_000, epoch: 1, revoked: undefined };
const push: AccessRequest = {
  action: 'repo:push',
  project: 'shop',
  task: 't1',
  epoch: 1,
  phase: 'build',
  ref: 'refs/heads/task/t1/1/work',
  paths: ['src/cart/a.ts'],
};

function codesOf(
  change: Partial<AccessRequest>,
  of: Partial<Capability> = {},
  moved: Partial<AccessFacts> = {},
  grant: Partial<Grant> = {},
): string[] {
  const found = authorise(grantOf({ ...cap, ...of }, grant), { ...push, ...change }, { ...facts, ...moved });
  return found.map(({ code, subject }) => `${code} ${subject}`);
}

describe('authorising a request', () => {
  it('finds no reason against what the grant covers', () => {
    expect(codesOf({})).toEqual([]);
  });

  it.each([
    [
      'an action that is not in the ops',
      { action: 'task:steal' },
      ['grant.tier task:steal', 'grant.action task:steal'],
    ],
    ['another project', { project: 'bank' }, ['grant.project bank']],
    ['another phase', { phase: 'harden' }, ['grant.phase harden']],
    ['a path outside the write scope', { paths: ['src/pay.ts'] }, ['scope.write src/pay.ts']],
    ['a denied path', { paths: ['src/cart/keys/k'] }, ['scope.write src/cart/keys/k']],
    ['a read outside the read scope', { action: 'change:read', paths: ['doc/a'] }, ['scope.read doc/a']],
    ['main', { ref: 'refs/heads/main' }, ['ref.namespace refs/heads/main']],
    ['a hidden ref', { ref: 'refs/andon/task/x' }, ['ref.namespace refs/andon/task/x']],
    ['the bare prefix', { ref: 'refs/heads/task/' }, ['ref.namespace refs/heads/task/']],
  ] as [string, Partial<AccessRequest>, string[]][])('refuses %s', (_what, change, expected) => {
    expect(codesOf(change)).toEqual(expected);
  });

  it('refuses an op outside the column of the tier even when a grant names it', () => {
    expect(codesOf({ action: 'key:rotate' }, { actions: ['key:rotate'] })).toEqual(['grant.tier key:rotate']);
  });

  it('reads what it may read but not write', () => {
    expect(codesOf({ action: 'change:read', paths: ['src/pay.ts'] })).toEqual([]);
  });

  it('holds a bound grant to its task and lease epoch', () => {
    const bound = { task: 't1', epoch: 1 };
    expect(codesOf({}, bound)).toEqual([]);
    expect(codesOf({ task: 't2' }, bound)).toEqual(['grant.task repo:push']);
    expect(codesOf({ epoch: 2 }, bound)).toEqual(['grant.task repo:push']);
    const { task: _task, epoch: _epoch, ...free } = push;
    expect(authorise(grantOf({ ...cap, ...bound }), free, facts)).toMatchObject([
      { code: 'grant.task', found: 'no task' },
    ]);
    expect(authorise(grantOf({ ...cap, ...bound }), { ...free, task: 't1' }, facts)).toMatchObject([
      { found: 'epoch none' },
    ]);
    expect(
      authorise(grantOf({ ...cap, ...bound }), { ...free, action: 'plan:read', paths: [] }, facts),
    ).toEqual([]);
  });

  it('refuses an expired, a revoked and an outdated grant', () => {
    const revoked = reason('token.revoked', 'gnt_1');
    expect(codesOf({}, {}, { nowSeconds: 1_899 })).toEqual([]);
    expect(codesOf({}, {}, { nowSeconds: 1_900 })[0]).toMatch(/^token.expired/);
    expect(codesOf({}, {}, { revoked })).toEqual(['token.revoked gnt_1']);
    expect(codesOf({}, {}, { epoch: 2 })[0]).toMatch(/^token.revoked/);
  });

  it('names every missing right at once', () => {
    const found = codesOf({
      action: 'task:steal',
      project: 'bank',
      phase: 'harden',
      ref: 'refs/heads/main',
      paths: ['a', 'b'],
    });
    expect(found).toEqual([
      'grant.tier task:steal',
      'grant.action task:steal',
      'grant.project bank',
      'grant.phase harden',
      'ref.namespace refs/heads/main',
      'scope.write a',
      'scope.write b',
    ]);
  });

  it('is not fooled by a grant on every project', () => {
    const owner = grantOf(fullCapability('human'));
    expect(authorise(owner, { action: 'plan:apply', project: 'bank' }, facts)).toEqual([]);
  });
});

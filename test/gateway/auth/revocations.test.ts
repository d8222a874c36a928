import { describe, expect, it } from 'vitest';
import { createRevocations, type RevocationRow } from '../../../src/gateway/auth/revocations.ts';
import { fullCapability, grantOf, ids } from '../../support/capabilities.ts';

const grant = grantOf(fullCapability('implementer'));
const owner = grantOf(fullCapability('human'));
const found = (...rows: RevocationRow[]) => {
  const revocations = createRevocations();
  for (const row of rows) revocations.apply(row);
  return revocations.check(grant)?.found;
};

describe('revocations', () => {
  it('say nothing about what nobody revoked', () => {
    expect(found()).toBeUndefined();
    expect(
      found(
        { kind: 'token', jti: `tok_${'z'.repeat(26)}` },
        { kind: 'grant', grantId: `gnt_${'z'.repeat(26)}` },
        { kind: 'agent', sub: 'agent:other' },
        { kind: 'key', kid: 'z'.repeat(43) },
        { kind: 'epoch', project: 'bank', epoch: 9 },
      ),
    ).toBeUndefined();
  });

  it.each([
    [{ kind: 'token', jti: ids.jti }, 'token'],
    [{ kind: 'grant', grantId: ids.gid }, 'grant'],
    [{ kind: 'grant', grantId: ids.parent }, 'ancestor'],
    [{ kind: 'grant', grantId: ids.root }, 'ancestor'],
    [{ kind: 'agent', sub: grant.sub }, 'agent'],
    [{ kind: 'agent', sub: grant.sub, project: 'shop' }, 'agent'],
    [{ kind: 'agent', sub: grant.sub, project: 'bank' }, undefined],
    [{ kind: 'key', kid: grant.kid }, 'key'],
    [{ kind: 'epoch', project: 'shop', epoch: 1 }, undefined],
    [{ kind: 'epoch', project: 'shop', epoch: 2 }, 'epoch 1'],
  ] as [RevocationRow, string | undefined][])('%j gives %s', (row, expected) => {
    expect(found(row)).toBe(expected);
  });

  it('never give back what was taken: an epoch does not fall, a second row changes nothing', () => {
    expect(
      found({ kind: 'epoch', project: 'shop', epoch: 2 }, { kind: 'epoch', project: 'shop', epoch: 0 }),
    ).toBe('epoch 1');
    expect(found({ kind: 'agent', sub: grant.sub }, { kind: 'agent', sub: grant.sub, project: 'bank' })).toBe(
      'agent',
    );
    const revocations = createRevocations();
    revocations.apply({ kind: 'token', jti: ids.jti });
    revocations.apply({ kind: 'token', jti: ids.jti, fromSeconds: 2_000, expSeconds: 1 });
    expect([revocations.check(grant, 1_000)?.found, revocations.sweep(5_000)]).toEqual(['token', 0]);
  });

  it('let a renewed predecessor live until its grace is over', () => {
    const revocations = createRevocations();
    revocations.apply({ kind: 'token', jti: ids.jti, fromSeconds: 1_030, expSeconds: 1_900 });
    expect(revocations.check(grant, 1_029)).toBeUndefined();
    expect(revocations.check(grant, 1_030)?.found).toBe('token');
    expect(revocations.check(grant)?.found).toBe('token');
  });

  it('forget single tokens after their expiry, and grants never', () => {
    const revocations = createRevocations();
    revocations.apply({ kind: 'token', jti: ids.jti, expSeconds: 1_900 });
    revocations.apply({ kind: 'grant', grantId: ids.parent });
    expect([revocations.sweep(1_899), revocations.sweep(1_900), revocations.sweep(1_900)]).toEqual([0, 1, 0]);
    expect(revocations.check(grant)?.found).toBe('ancestor');
  });

  it('hold a grant on every project to the epoch of every project, and to any revocation of its principal', () => {
    const revocations = createRevocations();
    revocations.apply({ kind: 'epoch', project: 'shop', epoch: 5 });
    expect(revocations.check(owner)).toBeUndefined();
    revocations.apply({ kind: 'epoch', project: '*', epoch: 2 });
    expect(revocations.check(owner)?.limit).toBe('epoch 2');
    const agents = createRevocations();
    agents.apply({ kind: 'agent', sub: owner.sub, project: 'shop' });
    expect(agents.check(owner)?.found).toBe('agent');
    expect([revocations.epoch('*'), revocations.epoch('shop'), revocations.epoch('bank')]).toEqual([2, 5, 0]);
  });
});

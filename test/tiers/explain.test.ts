import { describe, expect, it } from 'vitest';
import { type Action, actions } from '../../src/tiers/actions.ts';
import { authorise } from '../../src/tiers/authorise.ts';
import { explain } from '../../src/tiers/explain.ts';
import { tierNames } from '../../src/tiers/profiles.ts';
import { roleOf } from '../../src/tiers/roles.ts';
import { fullCapability, grantOf } from '../support/capabilities.ts';

const all = Object.keys(actions) as Action[];

describe('explaining a grant', () => {
  it.each(tierNames)('accounts for every action of %s, and says what authorise decides', (tier) => {
    const cap = fullCapability(tier);
    const { may, mayNot } = explain(cap);
    expect([...may, ...mayNot].map(({ action }) => action).sort()).toEqual([...all].sort());
    for (const action of all) {
      const allowed = authorise(
        grantOf(cap),
        { action, project: 'shop' },
        { nowSeconds: 1_000, epoch: 1, revoked: undefined },
      );
      expect(
        may.some((one) => one.action === action),
        action,
      ).toBe(allowed.length === 0);
    }
  });

  it('tells a missing action from one that the tier never has', () => {
    const cap = fullCapability('validator', { role: 'AUDITOR', actions: roleOf('AUDITOR')?.actions ?? [] });
    const byAction = new Map(explain(cap).mayNot.map((one) => [one.action, one]));
    expect(byAction.get('verdict:approve')?.code).toBe('grant.action');
    expect(byAction.get('repo:push')).toMatchObject({ code: 'grant.tier', tiers: ['human', 'implementer'] });
  });

  it('says that an executive writes nothing although its scope bounds what it delegates', () => {
    const account = explain(fullCapability('executive', { write: ['src/**'] }));
    expect(account.write).toMatchObject({ allowed: false, deletes: false, text: 'no path' });
    expect(account.delegation).toMatchObject({ allowed: true, generations: 1, write: ['src/**'] });
  });

  it('shows scope, bounds and binding of an implementer', () => {
    const account = explain(
      fullCapability('implementer', { write: ['src/**'], deny: ['**/*.pem'], task: 't1', epoch: 3 }),
    );
    expect(account.write).toMatchObject({
      allowed: true,
      text: 'src/** except **/*.pem',
      refs: ['task/'],
      deletes: false,
    });
    expect(account).toMatchObject({
      task: 't1',
      epoch: 3,
      limits: { complexity: 8, functionLines: 60 },
      delegation: { allowed: false },
    });
  });
});

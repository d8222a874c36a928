import { describe, expect, it } from 'vitest';
import { claimsSchema } from '../../../src/gateway/auth/claims.ts';
import {
  childDraft,
  lifeSecondsOf,
  renewedDraft,
  rootDraft,
  unsigned,
} from '../../../src/gateway/auth/draft.ts';
import { claimsToWire } from '../../../src/tiers/wire.ts';
import { fullCapability, grantOf, ids, issuer } from '../../support/capabilities.ts';

const facts = { nowSeconds: 5_000, epoch: 7 };
const grantId = (letter: string) => `gnt_${letter.repeat(26)}`;
const naming = {
  sub: 'agent:builder-2',
  grantId: grantId('e'),
  jti: `tok_${'e'.repeat(26)}`,
  cap: fullCapability('implementer'),
};
const lead = grantOf(fullCapability('executive'), {
  sub: 'agent:lead',
  act: { sub: 'human:ada' },
  lineage: [ids.root],
});

describe('drafts of grants', () => {
  it('of a root have no ancestors', () => {
    const draft = rootDraft(issuer, { ...naming, sub: 'human:ada', cap: fullCapability('human') }, facts);
    expect(draft).toMatchObject({
      lineage: [],
      epoch: 7,
      aud: `${issuer}/projects/*`,
      iat: 5_000,
      exp: 5_000 + 12 * 3600,
    });
    expect(claimsSchema.safeParse(claimsToWire(draft)).error).toBeUndefined();
  });

  it('of a child carry lineage and actors, parent first', () => {
    const draft = childDraft(lead, { ...naming, jkt: 'j'.repeat(43) }, facts);
    expect(draft).toMatchObject({
      lineage: [lead.grantId, ids.root],
      act: { sub: 'agent:lead', act: { sub: 'human:ada' } },
      exp: 5_900,
      cnf: { jkt: 'j'.repeat(43) },
    });
    expect(claimsSchema.safeParse(claimsToWire(draft)).error).toBeUndefined();
  });

  it('are refused when the lineage would exceed four', () => {
    const lineage = ['f', 'g', 'h', 'j'].map(grantId);
    expect(childDraft({ ...lead, lineage: lineage.slice(1) }, naming, facts).lineage).toHaveLength(4);
    expect(() => childDraft({ ...lead, lineage }, naming, facts)).toThrow('lattice.depth');
  });

  it('bound the life by tier', () => {
    expect([
      lifeSecondsOf('implementer'),
      lifeSecondsOf('validator'),
      lifeSecondsOf('executive'),
      lifeSecondsOf('human'),
    ]).toEqual([900, 900, 3600, 43_200]);
    expect([
      lifeSecondsOf('implementer', 1e9),
      lifeSecondsOf('human', 60),
      lifeSecondsOf('human', -5),
    ]).toEqual([900, 60, 1]);
  });

  it('of a renewal keep the grant and change token id and times only', () => {
    const jti = `tok_${'r'.repeat(26)}`;
    const { kid: _kid, ...kept } = lead;
    expect(renewedDraft(unsigned(lead), { jti }, 9_000)).toEqual({
      ...kept,
      jti,
      iat: 9_000,
      nbf: 9_000,
      exp: 12_600,
    });
  });
});

import { describe, expect, it } from 'vitest';
import { type Ancestor, type DutyFacts, dutyPolicy, type Principal } from '../../src/policies/duty.ts';

const ada: Ancestor = { sub: 'human:ada', grantId: 'gnt_ada', tier: 'human' };
const lead: Ancestor = { sub: 'agent:lead', grantId: 'gnt_lead', tier: 'executive' };
const builder: Principal = {
  sub: 'agent:builder',
  grantId: 'gnt_builder',
  tier: 'implementer',
  ancestors: [lead, ada],
  holders: [],
};
const reviewer = {
  sub: 'agent:reviewer',
  grantId: 'gnt_reviewer',
  tier: 'validator',
  ancestors: [ada],
  holders: [],
  profileFixed: false,
} as const;

const findings = (change: Partial<DutyFacts>) =>
  dutyPolicy({ judge: reviewer, makers: [builder], triggerOwners: [], ownWork: false, ...change }).map(
    ({ code, found }) => {
      expect(code).toBe('duty.separated');
      return found;
    },
  );

describe('separation of duty', () => {
  it('lets a validator of another lineage judge', () => {
    expect(findings({})).toEqual([]);
  });

  it('refuses a maker of the change, known by principal or by grant', () => {
    expect(findings({ judge: { ...reviewer, sub: builder.sub } })).toContain('maker of the change');
    expect(findings({ judge: { ...reviewer, grantId: builder.grantId } })).toContain('maker of the change');
  });

  it('refuses the spawner of a maker', () => {
    expect(findings({ judge: { ...lead, ancestors: [ada], holders: [], profileFixed: true } })).toContain(
      'spawner of the maker',
    );
  });

  it('refuses a validator that a maker spawned', () => {
    const makers = [{ ...lead, ancestors: [ada], holders: [] }];
    expect(
      findings({ judge: { ...reviewer, ancestors: [lead, ada], profileFixed: true }, makers }),
    ).toContain('spawned by the maker');
  });

  it('refuses a validator of the same spawner unless the plan fixes its profile', () => {
    const sibling = { ...reviewer, ancestors: [lead, ada] };
    expect(findings({ judge: sibling })).toEqual(['spawned by the spawner of the maker']);
    expect(findings({ judge: { ...sibling, profileFixed: true } })).toEqual([]);
  });

  it('refuses a validator whose spawner has seen its token, though the plan fixes its profile', () => {
    const minted = { ...reviewer, ancestors: [lead, ada], holders: [lead, ada], profileFixed: true };
    expect(findings({ judge: minted })).toEqual(['spawned by the spawner of the maker']);
  });

  it('refuses a validator whose token was seen by who can act as the maker, or started it', () => {
    const seen = { ...reviewer, holders: [lead, ada] };
    expect(findings({ judge: seen })).toEqual(['its token was seen by a maker']);
    const makers = [{ ...builder, ancestors: [ada], holders: [lead] }];
    expect(findings({ judge: seen, makers })).toEqual(['its token was seen by a maker']);
    expect(findings({ judge: { ...reviewer, sub: lead.sub }, makers })).toEqual([
      'its token was seen by a maker',
    ]);
  });

  it('lets a validator judge that a person minted who has minted the maker too', () => {
    const makers = [{ ...builder, ancestors: [ada], holders: [ada] }];
    expect(findings({ judge: { ...reviewer, holders: [ada] }, makers })).toEqual([]);
  });

  it('refuses the owner of the trigger', () => {
    expect(findings({ triggerOwners: [reviewer.sub] })).toEqual(['owner of the trigger']);
  });

  it('lets the person at the root judge the work of their agents', () => {
    expect(findings({ judge: { ...ada, ancestors: [], holders: [], profileFixed: false } })).toEqual([]);
  });

  it('lets a lone person judge their own work only when they say so', () => {
    const own = {
      judge: { ...ada, ancestors: [], holders: [], profileFixed: false },
      makers: [{ ...ada, ancestors: [], holders: [] }],
    };
    expect(findings(own)).toEqual(['maker of the change']);
    expect(findings({ ...own, ownWork: true })).toEqual([]);
  });

  it('does not let an agent declare own work', () => {
    expect(findings({ judge: { ...reviewer, sub: builder.sub }, ownWork: true })).toContain(
      'maker of the change',
    );
  });
});

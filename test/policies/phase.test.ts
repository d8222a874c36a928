import { describe, expect, it } from 'vitest';
import { phasePolicy } from '../../src/policies/phase.ts';

const facts = { cap: { phases: ['build'] }, phase: 'build', open: ['build'] };

describe('the phase policy', () => {
  it('allows work in an open phase that the grant names', () => {
    expect(phasePolicy(facts)).toEqual([]);
    expect(phasePolicy({ ...facts, cap: { phases: ['*'] } })).toEqual([]);
  });

  it('refuses a phase that is not open, and says which are', () => {
    expect(phasePolicy({ ...facts, open: ['design'] })).toMatchObject([
      { code: 'phase.closed', limit: 'design' },
    ]);
    expect(phasePolicy({ ...facts, open: [] })).toMatchObject([{ limit: 'no phase is open' }]);
  });

  it('refuses a phase that the grant does not name', () => {
    expect(phasePolicy({ ...facts, cap: { phases: [] } })).toMatchObject([
      { code: 'grant.phase', limit: 'none' },
    ]);
  });

  it('names both reasons at once', () => {
    expect(phasePolicy({ cap: { phases: ['design'] }, phase: 'build', open: [] })).toHaveLength(2);
  });
});

import { describe, expect, it } from 'vitest';
import { knowsScope, learnScope, scopeWitness } from '../../src/tasks/claim-memo.ts';
import type { Capability } from '../../src/tiers/capability.ts';

const capOf = (more: Partial<Capability>): Capability =>
  ({ write: ['**'], deny: [], phases: ['*'], skills: [], budget: { commits: 1 }, ...more }) as Capability;
const scope = { scopeHash: 's', write: ['src/**'], deny: [] };

describe('scopes that were compared with capabilities', () => {
  it('are shared by capabilities with the same paths, whatever else they may', () => {
    learnScope(capOf({ write: ['src/**'] }), scope);
    expect(knowsScope(capOf({ write: ['src/**'], complexity: 3 }), 's')).toBe(true);
  });

  it('are kept apart where the paths differ', () => {
    const [wide, narrow] = [capOf({ write: ['src/**'] }), capOf({ write: ['src/a/**'] })];
    learnScope(wide, scope);
    expect(knowsScope(narrow, 's')).toBe(false);
    learnScope(narrow, scope);
    expect(scopeWitness(wide, 's')).toBeUndefined();
    expect(scopeWitness(narrow, 's')).toMatch(/^src\//);
    expect(knowsScope(capOf({ write: ['src/**'], deny: ['src/b/**'] }), 's')).toBe(false);
  });

  it('are bounded: the capability that was seen first goes', () => {
    learnScope(capOf({ write: ['first/**'] }), scope);
    for (let n = 0; n < 1000; n++) learnScope(capOf({ write: [`many-${n}/**`] }), scope);
    expect(knowsScope(capOf({ write: ['first/**'] }), 's')).toBe(false);
    expect(knowsScope(capOf({ write: ['many-999/**'] }), 's')).toBe(true);
  });
});

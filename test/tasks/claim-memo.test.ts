import { describe, expect, it } from 'vitest';
import {
  knownClasses,
  knowsScope,
  learnClass,
  learnScope,
  scopeWitness,
} from '../../src/tasks/claim-memo.ts';
import type { Capability } from '../../src/tiers/capability.ts';

const capOf = (more: Partial<Capability>): Capability =>
  ({ w: ['**'], x: [], phases: ['*'], skills: [], budget: { commits: 1 }, ...more }) as Capability;

describe('what was decided on classes of tasks', () => {
  it('is shared by capabilities that are judged alike, whatever else they may', () => {
    const [one, other] = [capOf({ w: ['alike/**'] }), capOf({ w: ['alike/**'], complexity: 3 })];
    learnClass(one, 'good', true);
    learnClass(other, 'bad', false);
    for (const cap of [one, other])
      expect(knownClasses(cap)).toEqual({ allowed: ['good'], refused: ['bad'] });
  });

  it.each<[string, Partial<Capability>]>([
    ['write scope', { w: ['a/**'] }],
    ['denied paths', { x: ['a/**'] }],
    ['phases', { phases: ['a'] }],
    ['skills', { skills: ['a'] }],
  ])('is not shared with other %s', (_title, more) => {
    learnClass(capOf({}), 'whole', true);
    expect(knownClasses(capOf(more)).allowed).not.toContain('whole');
  });

  it('keeps the scopes of capabilities apart', () => {
    const scope = { scopeHash: 's', write: ['src/**'], deny: [] };
    const [wide, narrow] = [capOf({ w: ['src/**'] }), capOf({ w: ['src/a/**'] })];
    learnScope(wide, scope);
    expect(knowsScope(narrow, 's')).toBe(false);
    learnScope(narrow, scope);
    expect(scopeWitness(wide, 's')).toBeUndefined();
    expect(scopeWitness(narrow, 's')).toMatch(/^src\//);
  });

  it('is bounded: the oldest classes go, and the capability that was seen first', () => {
    const cap = capOf({ w: ['bounded/**'] });
    for (let n = 0; n < 300; n++) learnClass(cap, `c${n}`, true);
    const { allowed } = knownClasses(cap);
    expect(allowed).toHaveLength(256);
    expect(allowed.at(-1)).toBe('c299');
    for (let n = 0; n < 1000; n++) learnClass(capOf({ w: [`many-${n}/**`] }), 'x', true);
    expect(knownClasses(capOf({ w: ['bounded/**'] })).allowed).toEqual([]);
    expect(knownClasses(capOf({ w: ['many-999/**'] })).allowed).toEqual(['x']);
  });
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Capability } from '../../src/tiers/capability.ts';
import { descends, leq } from '../../src/tiers/lattice.ts';
import { meet } from '../../src/tiers/meet.ts';
import { fullCapability, nearby, someCapability } from '../support/capabilities.ts';
import { runs } from '../support/seed.ts';

const below = (a: Capability, b: Capability): boolean => leq(a, b).length === 0;
const pair = someCapability.chain((a) => fc.tuple(fc.constant(a), nearby(a)));
const parent = fullCapability('executive', {
  write: ['src/**'],
  deny: ['src/secret/**'],
  phases: ['build'],
  task: 't1',
  epoch: 2,
  skills: ['ts'],
  complexity: 6,
});

describe('the order of capabilities', () => {
  it('is reflexive', () => {
    fc.assert(
      fc.property(someCapability, (a) => {
        expect(leq(a, a)).toEqual([]);
      }),
      runs(300),
    );
  });

  it('is transitive', () => {
    let chains = 0;
    const triple = pair.chain(([a, b]) => fc.tuple(fc.constant(a), fc.constant(b), nearby(b)));
    fc.assert(
      fc.property(triple, ([a, b, c]) => {
        const ab = meet(a, b);
        const abc = ab && meet(ab, c);
        if (!ab || !abc) return;
        // abc <= ab <= a holds by construction of the triple, so that the premise is met often.
        expect([below(abc, ab), below(ab, a), below(abc, a)]).toEqual([true, true, true]);
        if (below(a, b) && below(b, c)) {
          chains++;
          expect(below(a, c)).toBe(true);
        }
      }),
      runs(600),
    );
    console.log(`chains: ${chains}`);
  });

  it('is antisymmetric up to spelling: what is below each other has the same neighbours', () => {
    fc.assert(
      fc.property(pair, someCapability, ([a, b], c) => {
        const ab = meet(a, b);
        const ba = meet(b, a);
        expect(ab === undefined).toBe(ba === undefined);
        if (!ab || !ba) return;
        expect([below(ab, ba), below(ba, ab)]).toEqual([true, true]);
        expect(below(ab, c)).toBe(below(ba, c));
        expect(below(c, ab)).toBe(below(c, ba));
      }),
      runs(400),
    );
  });

  it('has a meet that is the greatest lower bound', () => {
    let bounds = 0;
    fc.assert(
      fc.property(pair, someCapability, ([a, b], other) => {
        const met = meet(a, b);
        const lower = met ? meet(other, met) : meet(meet(other, a) ?? other, b);
        if (met) expect([below(met, a), below(met, b)]).toEqual([true, true]);
        for (const c of [other, lower]) {
          if (!c || !below(c, a) || !below(c, b)) continue;
          bounds++;
          expect(met && below(c, met)).toBe(true);
        }
      }),
      runs(600),
    );
    console.log(`lower bounds: ${bounds}`);
    expect(bounds).toBeGreaterThan(20);
  });

  it.each([
    ['tier', { tier: 'validator' }, 'lattice.member', 'tier'],
    ['project', { project: 'other' }, 'lattice.member', 'project'],
    ['every project', { project: '*' }, 'lattice.member', 'project'],
    ['an action', { actions: [...parent.actions, 'repo:push'] }, 'lattice.ops', 'repo:push'],
    ['a delegable action', { delegable: ['key:rotate'] }, 'lattice.dops', 'key:rotate'],
    ['a phase', { phases: ['harden'] }, 'lattice.member', 'phases'],
    ['every phase', { phases: ['*'] }, 'lattice.member', 'phases'],
    ['a ref', { refs: ['main/'] }, 'lattice.member', 'refs'],
    ['writing', { write: ['**'] }, 'lattice.scope', 'w'],
    ['reading what is denied', { deny: [] }, 'lattice.scope', 'r'],
    ['complexity', { complexity: 7 }, 'lattice.bound', 'complexity'],
    ['lines', { lines: 61 }, 'lattice.bound', 'lines'],
    ['a budget', { budget: { ...parent.budget, files: 10_001 } }, 'lattice.bound', 'budget.files'],
    ['depth', { depth: 2 }, 'lattice.bound', 'depth'],
    ['a tier to mint', { mints: ['executive'] }, 'lattice.member', 'mints'],
    ['another task', { task: 't2' }, 'lattice.member', 'task'],
    ['another epoch', { epoch: 3 }, 'lattice.member', 'epoch'],
    ['a skill', { skills: ['c'] }, 'lattice.member', 'skills'],
  ] as [string, Partial<Capability>, string, string][])(
    'refuses more of %s',
    (_what, more, code, subject) => {
      expect(leq({ ...parent, ...more }, parent)).toContainEqual(expect.objectContaining({ code, subject }));
    },
  );

  it('refuses a plan beyond the plan, and a lost binding', () => {
    expect(leq(parent, { ...parent, plan: 'p' })).toMatchObject([{ subject: 'plan' }]);
    const { task: _task, epoch: _epoch, ...free } = parent;
    expect(leq(free, parent).map(({ subject }) => subject)).toEqual(['task', 'epoch']);
  });

  it('names every reason at once, with a witness for paths', () => {
    const found = leq({ ...parent, write: ['**'], complexity: 99, phases: ['*'] }, parent);
    expect(found.map(({ code }) => code)).toEqual(['lattice.member', 'lattice.scope', 'lattice.bound']);
    expect(found[1]).toMatchObject({ found: 'x', limit: 'src/** except src/secret/**' });
  });

  it('turns a comparison that costs too much into a reason', () => {
    const hard = [`*a${'?'.repeat(40)}`, `*b${'?'.repeat(41)}`, `*c${'?'.repeat(42)}`];
    const found = leq(
      { ...parent, write: hard, deny: [] },
      { ...parent, write: ['*a*', '*b*'], deny: [`*d${'?'.repeat(80)}`] },
    );
    expect(found).toContainEqual(expect.objectContaining({ code: 'lattice.cost' }));
  });
});

describe('descent', () => {
  it('compares the ops of a child with what the parent may delegate', () => {
    const push = fullCapability('implementer', {
      write: ['src/a'],
      phases: ['build'],
      task: 't1',
      epoch: 2,
      skills: [],
      complexity: 6,
      deny: parent.deny,
    });
    expect(descends(push, parent)).toEqual([]);
    expect(descends({ ...push, actions: ['plan:apply'] }, parent)).toMatchObject([{ code: 'lattice.ops' }]);
  });

  it('needs remaining depth and a tier that the parent mints', () => {
    expect(
      descends(parent, { ...parent, depth: 0 }).map(({ code, subject }) => `${code} ${subject}`),
    ).toEqual(expect.arrayContaining(['lattice.depth depth', 'lattice.member tier']));
  });
});

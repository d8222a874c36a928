import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  capabilityRequestSchema,
  capabilitySchema,
  heldCapabilitySchema,
} from '../../src/tiers/capability-schema.ts';
import { tierNames } from '../../src/tiers/profiles.ts';
import { capabilityToWire } from '../../src/tiers/wire.ts';
import { fullCapability, someCapability } from '../support/capabilities.ts';
import { runs } from '../support/seed.ts';

const cap = capabilityToWire(fullCapability('implementer', { task: 't1', epoch: 1 }));
const faultOf = (change: object) => capabilitySchema.safeParse({ ...cap, ...change }).error?.issues[0];

describe('the schema of a capability', () => {
  it.each(tierNames)('takes what a %s may hold', (tier) => {
    const full = capabilityToWire(fullCapability(tier));
    expect(capabilitySchema.parse(full)).toEqual(full);
  });

  it('does not depend on the order of the members', () => {
    const turned = Object.fromEntries(Object.entries(cap).reverse());
    expect(capabilitySchema.safeParse(turned).success).toBe(true);
  });

  it.each([
    ['an unknown member', { extra: 1 }],
    ['another version', { v: 2 }],
    ['an unknown action', { ops: ['repo:delete'] }],
    ['an action named twice', { ops: ['repo:push', 'repo:push'] }],
    ['an action of Object.prototype', { ops: ['constructor'] }],
    ['an unknown tier', { tier: 'root' }],
    ['a faulty glob', { w: ['src/{a,b}'] }],
    ['too many globs', { w: Array.from({ length: 65 }, (_, i) => `a${i}`) }],
    ['a ref prefix without its slash', { refs: ['task/cart'] }],
    ['a ref prefix that climbs', { refs: ['task/../'] }],
    ['an empty ref prefix', { refs: [''] }],
    ['a negative bound', { complexity: -1 }],
    ['a fraction', { lines: 1.5 }],
    ['an unsafe number', { complexity: 2 ** 60 }],
    ['an unknown budget', { budget: { ...cap.budget, euros: 1 } }],
    ['a missing budget', { budget: { tokens: 1 } }],
    ['depth above four', { depth: 5 }],
    ['a project with a slash', { project: 'a/b' }],
    ['a project that is a lock', { project: 'a.lock' }],
    ['a role in small letters', { role: 'tester' }],
    ['an undefined task', { task: undefined }],
  ])('refuses %s', (_what, change) => {
    expect(faultOf(change)).toBeDefined();
  });

  it('refuses an epoch without its task', () => {
    const { task: _task, ...rest } = cap;
    expect(capabilitySchema.safeParse(rest).success).toBe(false);
  });

  it('refuses every capability with any one member missing', () => {
    const optional = ['task', 'epoch'];
    for (const key of Object.keys(cap).filter((one) => !optional.includes(one))) {
      expect(
        capabilitySchema.safeParse(Object.fromEntries(Object.entries(cap).filter(([one]) => one !== key)))
          .success,
        key,
      ).toBe(false);
    }
  });

  it('takes whatever the generators of the lattice tests make, so that those test real capabilities', () => {
    fc.assert(
      fc.property(someCapability, (one) => {
        const wire = capabilityToWire(one);
        const { w, r, x } = wire;
        const clean = { ...wire, w: [...new Set(w)], r: [...new Set(r)], x: [...new Set(x)] };
        expect(capabilitySchema.safeParse(clean).error).toBeUndefined();
      }),
      runs(300),
    );
  });
});

describe('the schema of a capability that another version may have written', () => {
  const held = { ...cap, ops: [...cap.ops, 'moon:land'], dops: ['moon:land'] };

  it('leaves out actions that are unknown here, and nothing else', () => {
    expect(heldCapabilitySchema.parse(held)).toEqual({ ...cap, dops: [] });
  });

  it.each([
    ['an unknown member', { extra: 1 }],
    ['what is no action', { ops: ['constructor'] }],
    ['an unknown action named twice', { ops: ['moon:land', 'moon:land'] }],
    ['an unknown tier', { tier: 'root' }],
    ['an epoch without its task', { task: undefined }],
  ])('refuses %s', (_what, change) => {
    expect(heldCapabilitySchema.safeParse({ ...held, ...change }).success).toBe(false);
  });
});

describe('the schema of a request', () => {
  it('needs a role and takes any other member', () => {
    expect(capabilityRequestSchema.safeParse({}).success).toBe(false);
    expect(capabilityRequestSchema.safeParse({ role: 'TESTER', budget: { tokens: 1 } }).success).toBe(true);
    expect(capabilityRequestSchema.safeParse({ role: 'TESTER', v: 1 }).success).toBe(false);
  });
});

import fc from 'fast-check';
import { type Action, actions, type Tier } from '../../src/tiers/actions.ts';
import type { Capability, VerifiedToken } from '../../src/tiers/capability.ts';
import { profiles, tierNames } from '../../src/tiers/profiles.ts';
import { roleNames, roleOf, usualRole } from '../../src/tiers/roles.ts';
import { someGlobs } from './globs.ts';

/** The most that a tier may hold, on every path of one project; a test narrows the part that it is about. */
export function fullCapability(tier: Tier, change: Partial<Capability> = {}): Capability {
  const profile = profiles[tier];
  return {
    v: 1,
    role: usualRole[tier],
    tier,
    project: tier === 'human' ? '*' : 'shop',
    plan: '*',
    actions: roleOf(usualRole[tier])?.actions ?? profile.actions,
    delegable: profile.delegable,
    phases: ['*'],
    refs: ['task/'],
    write: ['**'],
    read: ['**'],
    deny: [],
    complexity: profile.ceilings.complexity,
    lines: profile.ceilings.lines,
    budget: profile.budget,
    depth: profile.depth,
    mints: profile.mints,
    skills: ['*'],
    ...change,
  };
}

export const ids = {
  jti: `tok_${'a'.repeat(26)}`,
  gid: `gnt_${'b'.repeat(26)}`,
  parent: `gnt_${'c'.repeat(26)}`,
  root: `gnt_${'d'.repeat(26)}`,
} as const;

export const issuer = 'http://127.0.0.1:7420';

/** A verified token around a capability, issued at second 1,000 for 15 minutes. */
export function grantOf(cap: Capability, change: Partial<VerifiedToken> = {}): VerifiedToken {
  return {
    iss: issuer,
    aud: `${issuer}/projects/${cap.project}`,
    sub: cap.tier === 'human' ? 'human:ada' : 'agent:builder-1',
    jti: ids.jti,
    iat: 1_000,
    nbf: 1_000,
    exp: 1_900,
    grantId: ids.gid,
    lineage: [ids.parent, ids.root],
    epoch: 1,
    kid: 'k'.repeat(43),
    cap,
    ...change,
  };
}

const all = Object.keys(actions) as Action[];
const count = fc.nat(12);
const budget = fc.record({
  tokens: count,
  usdMicro: count,
  commits: count,
  files: count,
  lines: count,
  children: count,
});
const someNames = (names: string[]) => fc.oneof(fc.constant(['*']), fc.subarray(names));
const binding = fc.oneof(
  { weight: 3, arbitrary: fc.constant({}) },
  { weight: 1, arbitrary: fc.record({ task: fc.constantFrom('t1', 't2') }) },
  { weight: 1, arbitrary: fc.record({ task: fc.constantFrom('t1', 't2'), epoch: fc.nat(1) }) },
);

/** Any capability of the right shape, even one that its tier may not hold. */
export const someCapability: fc.Arbitrary<Capability> = fc
  .record({
    v: fc.constant(1 as const),
    tier: fc.constantFrom(...tierNames),
    project: fc.constantFrom('*', 'p'),
    plan: fc.constantFrom('*', 'p'),
    actions: fc.subarray(all),
    delegable: fc.subarray(all),
    phases: someNames(['build', 'harden']),
    refs: fc.subarray(['task/', 'task/a/', 'task/a/1/', 'other/']),
    write: someGlobs(2),
    read: someGlobs(2),
    deny: someGlobs(1),
    complexity: count,
    lines: count,
    budget,
    depth: fc.nat(4),
    mints: fc.subarray([...tierNames]),
    skills: someNames(['ts', 'c']),
    binding,
  })
  .map(({ binding: bound, ...cap }) => ({ ...cap, role: usualRole[cap.tier], ...bound }));

/** A capability a little below the given one, or a little above or beside it: near misses find more than chance. */
export const nearby = (cap: Capability): fc.Arbitrary<Capability> =>
  fc
    .tuple(someCapability, fc.subarray(Object.keys(cap) as (keyof Capability)[], { minLength: 10 }))
    .map(([other, kept]) => {
      const same = Object.fromEntries(kept.map((key) => [key, cap[key]]));
      return { ...other, ...same } as Capability;
    });

export const rolesOf = (tier: Tier): string[] => roleNames.filter((name) => roleOf(name)?.tier === tier);

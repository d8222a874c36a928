import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isDenied, type Reason } from '../../src/lib/decision.ts';
import { type Action, actions, type Tier } from '../../src/tiers/actions.ts';
import { attenuate, tierReasons } from '../../src/tiers/attenuate.ts';
import { type AccessRequest, authorise } from '../../src/tiers/authorise.ts';
import type { Budget, Capability } from '../../src/tiers/capability.ts';
import { type CapabilityRequest, capabilitySchema } from '../../src/tiers/capability-schema.ts';
import { delegable, descends, leq } from '../../src/tiers/lattice.ts';
import { noBudget } from '../../src/tiers/profile.ts';
import { profiles } from '../../src/tiers/profiles.ts';
import { capabilityToWire } from '../../src/tiers/wire.ts';
import { fullCapability, grantOf, rolesOf } from '../support/capabilities.ts';
import { allPaths, someGlobs } from '../support/globs.ts';
import { runs } from '../support/seed.ts';

const owner = fullCapability('human');
const lead = fullCapability('executive', { write: ['src/**'], deny: ['src/secret/**'] });
/** The child, or the reasons against it. */
function attenuated(...asked: Parameters<typeof attenuate>): {
  readonly cap?: Capability;
  readonly reasons?: readonly Reason[];
} {
  const decision = attenuate(...asked);
  return isDenied(decision) ? { reasons: decision.reasons } : { cap: decision.decided };
}
const plenty = (cap: Capability) => ({ left: cap.budget });

/** The codes and subjects of the refusal of a request. */
function refusal(parent: Capability, request: CapabilityRequest, left: Budget = parent.budget): string[] {
  return (attenuated(parent, request, { left }).reasons ?? []).map(
    ({ code, subject }) => `${code} ${subject}`,
  );
}

describe('attenuation', () => {
  it('fills what the request leaves out with the usual of the tier, narrowed to the parent', () => {
    const { cap } = attenuated(lead, { role: 'IMPLEMENTER', write: ['src/cart/**'] }, plenty(lead));
    expect(cap).toMatchObject({
      tier: 'implementer',
      role: 'IMPLEMENTER',
      project: 'shop',
      actions: profiles.implementer.actions,
      delegable: [],
      mints: [],
      write: ['src/cart/**'],
      deny: ['src/secret/**'],
      complexity: 8,
      lines: 60,
      depth: 0,
      skills: [],
    });
    expect(capabilitySchema.safeParse(capabilityToWire(cap ?? expect.fail('refused'))).success).toBe(true);
  });

  it('gives no write scope to a child that asks for none and delegates nothing', () => {
    expect(attenuated(lead, { role: 'WRITER' }, plenty(lead)).cap?.write).toEqual([]);
    expect(attenuated(owner, { role: 'LEAD', project: 'shop' }, plenty(owner)).cap?.write).toEqual(['**']);
  });

  it('lets an executive delegate the push that it may not make', () => {
    expect(lead.actions).not.toContain('repo:push');
    expect(lead.actions).toContain('repo:fetch');
    expect(attenuated(lead, { role: 'IMPLEMENTER', write: ['src/a'] }, plenty(lead)).cap?.actions).toContain(
      'repo:push',
    );
  });

  it('keeps the binding to a task and epoch', () => {
    const bound = { ...lead, task: 't1', epoch: 4 };
    expect(attenuated(bound, { role: 'TESTER' }, plenty(lead)).cap).toMatchObject({ task: 't1', epoch: 4 });
    expect(refusal(bound, { role: 'TESTER', task: 't2' })).toEqual(['lattice.member task']);
  });

  it.each([
    ['an unknown role', { role: 'constructor' }, ['lattice.member role']],
    ['a role of another tier', { role: 'LEAD', tier: 'implementer' }, 'lattice.member role'],
    ['every project', { role: 'TESTER', project: '*' }, 'lattice.member project'],
    ['an action of another tier', { role: 'TESTER', actions: ['plan:apply'] }, 'grant.tier plan:apply'],
    [
      'an action outside the role',
      { role: 'AUDITOR', actions: ['verdict:approve'] },
      'grant.tier verdict:approve',
    ],
    ['delegation by an implementer', { role: 'TESTER', delegable: ['repo:push'] }, 'lattice.dops dops'],
    ['minting by an implementer', { role: 'TESTER', mints: ['validator'] }, 'lattice.member mints'],
    ['a wider scope', { role: 'TESTER', write: ['**'] }, 'lattice.scope w'],
    ['a faulty glob', { role: 'TESTER', write: ['{a,b}'] }, 'request.invalid w.0'],
    ['an epoch without a task', { role: 'TESTER', epoch: 3 }, 'request.invalid epoch'],
    ['a glob named twice', { role: 'TESTER', write: ['src/a', 'src/a'] }, 'request.invalid w'],
    ['complexity above the ceiling', { role: 'TESTER', complexity: 9 }, 'lattice.bound complexity'],
    ['lines above the ceiling', { role: 'TESTER', lines: 61 }, 'lattice.bound lines'],
    ['depth for an implementer', { role: 'TESTER', depth: 1 }, 'lattice.bound depth'],
  ] as [string, CapabilityRequest, string | string[]][])('refuses %s', (_what, request, expected) => {
    for (const one of [expected].flat()) expect(refusal(lead, request)).toContain(one);
  });

  it('refuses a tier that the parent does not mint', () => {
    expect(refusal(lead, { role: 'LEAD' })).toContain('lattice.member tier');
  });

  it('refuses when the depth is used up', () => {
    expect(refusal({ ...lead, depth: 0 }, { role: 'TESTER' })).toContain('lattice.depth depth');
  });

  it('takes ceilings that a person applied in the place of the usual ones, under those of the parent', () => {
    const request = { role: 'TESTER', project: 'shop', complexity: 12 };
    const ceilings = { complexity: 12, lines: 60 };
    expect(attenuated(owner, request, { ...plenty(owner), ceilings }).cap?.complexity).toBe(12);
    expect(attenuated(lead, request, { ...plenty(lead), ceilings }).reasons).toMatchObject([
      { subject: 'complexity' },
    ]);
  });

  it('reserves budgets and the child itself from what the parent has left', () => {
    const left = { ...noBudget, tokens: 10, children: 1 };
    expect(attenuated(lead, { role: 'TESTER' }, { left }).cap?.budget).toEqual({ ...noBudget, tokens: 10 });
    expect(refusal(lead, { role: 'TESTER', budget: { tokens: 11 } }, left)).toEqual([
      'budget.exhausted budget.tokens',
    ]);
    expect(refusal(lead, { role: 'TESTER' }, noBudget)).toEqual(['budget.exhausted budget.children']);
  });

  it('refuses more denied globs than a capability holds', () => {
    const x = Array.from({ length: 40 }, (_, i) => `x${i}`);
    const y = Array.from({ length: 40 }, (_, i) => `y${i}`);
    expect(refusal({ ...lead, deny: x }, { role: 'TESTER', deny: y })).toEqual(['request.invalid x']);
  });

  it('names every reason at once', () => {
    const all = refusal(lead, { role: 'TESTER', write: ['**'], complexity: 99, actions: ['plan:apply'] });
    expect(all).toEqual(
      expect.arrayContaining(['grant.tier plan:apply', 'lattice.ops plan:apply', 'lattice.scope w']),
    );
  });
});

const paths = allPaths('ab/', 3);
const queries = (Object.keys(actions) as Action[]).filter((action) => actions[action].kind === 'query');

/** Requests for a child of some tier; many are refused, which the properties skip. */
const requestFor = (tier: Tier): fc.Arbitrary<CapabilityRequest> =>
  fc
    .record(
      {
        role: fc.constantFrom(...rolesOf(tier)),
        actions: fc.subarray([...profiles[tier].actions]),
        delegable: fc.subarray([...profiles[tier].delegable]),
        project: fc.constant('shop'),
        phases: fc.subarray(['build', 'harden'], { minLength: 1 }),
        refs: fc.subarray(['task/', 'task/a/', 'task/a/1/']),
        write: someGlobs(2),
        read: someGlobs(2),
        deny: someGlobs(1),
        complexity: fc.nat(8),
        task: fc.constant('a'),
      },
      { requiredKeys: ['role', 'project'] },
    )
    .map((request) => request as CapabilityRequest);

const access: fc.Arbitrary<AccessRequest> = fc
  .record(
    {
      action: fc.oneof(
        fc.constantFrom<Action[]>('repo:push', 'change:submit', 'verdict:approve'),
        fc.constantFrom(...queries),
      ),
      project: fc.constant('shop'),
      paths: fc.array(fc.constantFrom(...paths), { minLength: 1, maxLength: 2 }),
      task: fc.constant('a'),
      epoch: fc.constant(1),
      phase: fc.constantFrom('build', 'harden'),
      ref: fc.constant('refs/heads/task/a/1/work'),
    },
    { requiredKeys: ['action', 'project'] },
  )
  .map((request) => request as AccessRequest);

const chain = fc
  .constantFrom<Tier[]>('executive', 'implementer', 'validator')
  .chain((tier) =>
    fc.tuple(requestFor('executive'), requestFor(tier), fc.array(access, { minLength: 8, maxLength: 8 })),
  );

/** A grant for one request only, with no right beyond it. */
function oneShot(child: Capability, request: AccessRequest): CapabilityRequest {
  const writes = actions[request.action].kind === 'mutation';
  return {
    role: child.role,
    tier: child.tier,
    project: request.project,
    actions: [request.action],
    delegable: [],
    mints: [],
    write: writes ? [...new Set(request.paths ?? [])] : [],
    read: writes ? [] : [...new Set(request.paths ?? [])],
    phases: request.phase === undefined ? [] : [request.phase],
    refs: request.ref === undefined ? [] : ['task/a/1/'],
    complexity: child.complexity,
    lines: child.lines,
    depth: 0,
    budget: noBudget,
    ...(request.task === undefined ? {} : { task: request.task }),
    ...(request.task === undefined || request.epoch === undefined ? {} : { epoch: request.epoch }),
  };
}

describe('delegation', () => {
  it('lets a child do only what its parent could have delegated, request by request', () => {
    let checked = 0;
    const delegates = (parent: Capability, child: Capability, request: AccessRequest) => {
      if (authorise(grantOf(child), request, { nowSeconds: 1_000, epoch: 1, revoked: undefined }).length > 0)
        return;
      checked++;
      expect(attenuated(parent, oneShot(child, request), plenty(parent)).reasons).toBeUndefined();
    };
    fc.assert(
      fc.property(chain, ([first, second, requests]) => {
        const executive = attenuated(owner, first, plenty(owner)).cap;
        const child = attenuated(executive ?? owner, second, plenty(executive ?? owner)).cap;
        for (const request of requests) {
          if (executive) delegates(owner, executive, request);
          if (executive && child) delegates(executive, child, { ...request });
          else if (child) delegates(owner, child, request);
        }
      }),
      runs(2500),
    );
    console.log(`requests checked: ${checked}`);
    expect(checked).toBeGreaterThan(500);
  });

  it('gives a child that is below what the parent can delegate, and that its tier may hold', () => {
    let minted = 0;
    fc.assert(
      fc.property(chain, ([first, second]) => {
        const executive = attenuated(owner, first, plenty(owner)).cap;
        const { cap } = attenuated(executive ?? owner, second, plenty(executive ?? owner));
        if (cap === undefined) return;
        minted++;
        expect(descends(cap, executive ?? owner)).toEqual([]);
        expect(leq(cap, delegable(executive ?? owner, cap.tier))).toEqual([]);
        expect(tierReasons(cap)).toEqual([]);
        expect(capabilitySchema.safeParse(capabilityToWire(cap)).error).toBeUndefined();
      }),
      runs(1000),
    );
    console.log(`minted: ${minted}`);
    expect(minted).toBeGreaterThan(100);
  });
});

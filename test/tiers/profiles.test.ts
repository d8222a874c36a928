import { describe, expect, it } from 'vitest';
import { actions } from '../../src/tiers/actions.ts';
import { tierReasons } from '../../src/tiers/attenuate.ts';
import { profiles, tierNames } from '../../src/tiers/profiles.ts';
import { roleNames, roleOf, usualRole } from '../../src/tiers/roles.ts';
import { fullCapability } from '../support/capabilities.ts';

describe('tiers', () => {
  it.each(tierNames)('%s exercises exactly its column of the actions table', (tier) => {
    const column = Object.entries(actions).filter(([, row]) =>
      (row.tiers as readonly string[]).includes(tier),
    );
    expect(profiles[tier].actions).toEqual(column.map(([action]) => action));
    expect(tierReasons(fullCapability(tier))).toEqual([]);
  });

  it('keeps executives and validators away from code', () => {
    for (const tier of ['executive', 'validator'] as const) {
      for (const action of ['repo:push', 'change:submit', 'task:claim'] as const)
        expect(profiles[tier].actions).not.toContain(action);
    }
    expect(profiles.executive.delegable).toEqual(
      expect.arrayContaining([...profiles.implementer.actions, ...profiles.validator.actions]),
    );
  });

  it('bounds implementers: one project, simple functions, no deletion, no delegation', () => {
    expect(profiles.implementer).toMatchObject({
      everyProject: false,
      deletes: false,
      depth: 0,
      delegable: [],
      mints: [],
      ceilings: { complexity: 8, lines: 60 },
    });
  });

  it('lets validators write verdicts, reports and messages, stop the line, and nothing else', () => {
    const written = profiles.validator.actions.filter((action) => actions[action].kind === 'mutation');
    expect(written.sort()).toEqual([
      'agent:update',
      'briefing:extend',
      'cord:clear',
      'cord:pull',
      'gate:pass',
      'message:mark',
      'message:send',
      'report:write',
      'task:ask',
      'token:renew',
      'verdict:approve',
      'verdict:reject',
    ]);
  });

  it('lets people alone delete, and hold every project', () => {
    expect(tierNames.filter((tier) => profiles[tier].deletes)).toEqual(['human']);
    expect(tierNames.filter((tier) => profiles[tier].everyProject)).toEqual(['human']);
  });
});

describe('roles', () => {
  it.each(roleNames)('%s stays inside its tier', (name) => {
    const role = roleOf(name);
    expect(role).toBeDefined();
    for (const action of role?.actions ?? [])
      expect(profiles[role?.tier ?? 'human'].actions).toContain(action);
  });

  it('has a usual role for every tier', () => {
    for (const tier of tierNames) expect(roleOf(usualRole[tier])?.tier).toBe(tier);
  });

  it('lets every role stop the line', () => {
    expect(roleNames.filter((name) => roleOf(name)?.actions.includes('cord:pull') !== true)).toEqual([]);
  });

  it('lets a runner take runs and report on them, and delegate nothing', () => {
    const runner = roleOf('RUNNER');
    const written = runner?.actions.filter((action) => actions[action].kind === 'mutation');
    expect(written).toEqual(['token:renew', 'cord:pull', 'run:take', 'run:report']);
    const full = fullCapability('executive');
    const greedy = { ...full, role: 'RUNNER', actions: runner?.actions ?? [] };
    const codesFound = tierReasons(greedy).map(({ code }) => code);
    expect(new Set(codesFound)).toEqual(new Set(['lattice.dops', 'lattice.member', 'lattice.bound']));
    expect(tierReasons({ ...greedy, delegable: [], mints: [], depth: 0 })).toEqual([]);
  });

  it('lets no lead take runs, and with them the tokens of others', () => {
    expect(roleOf('LEAD')?.actions).not.toContain('run:take');
  });

  it.each(['gate:take', 'gate:report'] as const)(
    'lets one role alone hold %s, and people alone delegate it',
    (action) => {
      expect(roleNames.filter((name) => roleOf(name)?.actions.includes(action))).toEqual(['GATE_RUNNER']);
      expect(tierNames.filter((tier) => profiles[tier].delegable.includes(action))).toEqual(['human']);
      expect(roleOf('GATE_RUNNER')?.delegates).toBe(false);
    },
  );

  it('lets an auditor judge nothing', () => {
    const written = roleOf('AUDITOR')?.actions.filter((action) => actions[action].kind === 'mutation');
    expect(written).toEqual([
      'task:ask',
      'report:write',
      'token:renew',
      'cord:pull',
      'cord:clear',
      'message:mark',
      'message:send',
      'agent:update',
      'briefing:extend',
    ]);
  });
});

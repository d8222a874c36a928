import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Action, actions } from '../../src/tiers/actions.ts';
import { heldCapabilitySchema } from '../../src/tiers/capability-schema.ts';
import { profiles } from '../../src/tiers/profiles.ts';
import {
  packActions,
  roleVersion,
  roleVersions,
  unpackActions,
} from '../../src/tiers/role-versions/index.ts';
import { written } from '../../src/tiers/role-versions/role-sets.ts';
import { version1 } from '../../src/tiers/role-versions/version-1.ts';
import { roleNames, roleOf } from '../../src/tiers/roles.ts';
import { capabilityToWire } from '../../src/tiers/wire.ts';
import { fullCapability } from '../support/capabilities.ts';
import { runs } from '../support/seed.ts';

const all = Object.keys(actions) as Action[];
const digest = (value: unknown): string => createHash('sha256').update(JSON.stringify(value)).digest('hex');

describe('versions of the role table', () => {
  it('say in the newest what the roles are now: whoever changes a role adds a version', () => {
    const now = Object.fromEntries(
      roleNames.map((name) => {
        const {
          tier,
          actions: held,
          delegates,
        } = roleOf(name) ?? { tier: 'human', actions: [], delegates: false };
        return [name, { ops: held, dops: delegates === false ? [] : profiles[tier].delegable }];
      }),
    );
    expect(Object.fromEntries(roleVersions.get(roleVersion) ?? [])).toEqual(now);
  });

  it('never change: living tokens name them', () => {
    const recorded = new Map([
      [1, 'f1bae6c7bd9786f69239f20c93c17dd6f37a64d0efeafeb7433e9891a742ad0a'],
      [2, 'f402e692b41624e559f379ad78656d08c361e5c0db43e24bc0ad0aacc6aabe3a'],
      [3, '73a852e6fa022e70c95df2cded416ad317afb5d52b3de1da913f0d8d87f23eab'],
      [4, 'e02a8a8ac8a0434063ab6a3f8c2eba7838cb87a4fcb6a94c41801b39624c8205'],
    ]);
    const found = [...roleVersions].map(([version, sets]): [number, string] => [version, digest([...sets])]);
    expect(new Map(found)).toEqual(recorded);
  });

  it('give no living token an action that a role gains later', () => {
    const token = packActions('ops', 'WRITER', roleOf('WRITER')?.actions ?? []);
    const gained = { ...version1, WRITER: { ops: `${version1.WRITER?.ops} page:open`, dops: '' } };
    const later = new Map([...roleVersions, [roleVersion + 1, written(gained)]]);
    expect(unpackActions('ops', token, later)).toEqual(roleOf('WRITER')?.actions);
    const newer = packActions('ops', 'WRITER', ['page:open'], later, roleVersion + 1);
    expect(unpackActions('ops', newer, later)).toEqual(['page:open']);
    expect(unpackActions('ops', newer)).toBeUndefined();
  });

  it('give back every list of every role as it was', () => {
    const lists = fc.constantFrom('ops' as const, 'dops' as const);
    fc.assert(
      fc.property(lists, fc.constantFrom(...roleNames), fc.subarray(all), (list, role, held) => {
        const packed = packActions(list, role, held);
        expect([...(unpackActions(list, packed) ?? [])].sort()).toEqual([...held].sort());
      }),
      runs(500),
    );
  });

  it.each([
    ['an unknown version', ['OWNER@999']],
    ['an unknown role', ['EMPEROR@1']],
    ['a name of the prototype', ['constructor@1']],
    ['an action added that the set has', ['OWNER@1', '+task:claim']],
    ['an action taken that the set has not', ['AUDITOR@1', '-task:claim']],
    ['an action without a sign', ['OWNER@1', 'task:claim']],
    ['two roles', ['OWNER@1', 'WRITER@1']],
    ['a role that does not come first', ['task:claim', 'OWNER@1']],
    ['differences of nothing', ['+task:claim']],
    ['one difference twice', ['AUDITOR@1', '+task:claim', '+task:claim']],
  ])('refuse a token with %s', (_what, ops) => {
    const cap = { ...capabilityToWire(fullCapability('human')), ops };
    expect(heldCapabilitySchema.safeParse(cap).success).toBe(false);
  });

  it('read the lists of older tokens, which are written out', () => {
    const cap = capabilityToWire(fullCapability('implementer'));
    expect(heldCapabilitySchema.parse(cap)).toEqual(cap);
    expect(heldCapabilitySchema.parse({ ...cap, ops: [`WRITER@${roleVersion}`, '+later:on'] }).ops).toEqual(
      cap.ops,
    );
  });
});

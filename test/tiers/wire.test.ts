import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it, onTestFinished } from 'vitest';
import { openKeyRing } from '../../src/gateway/auth/keys.ts';
import { createTokenAuthority } from '../../src/gateway/auth/verify-token.ts';
import {
  capabilityFromWire,
  capabilityToWire,
  claimsFromWire,
  claimsToWire,
  membersFromWire,
  wireNameOf,
} from '../../src/tiers/wire.ts';
import { draftOf } from '../support/authority.ts';
import { fullCapability, issuer, someCapability } from '../support/capabilities.ts';
import { runs } from '../support/seed.ts';

// The key pair of RFC 8037, appendix A: known to everybody, so that the whole token can be compared with an
// earlier one.
const jwk = {
  kty: 'OKP',
  crv: 'Ed25519',
  alg: 'EdDSA',
  use: 'sig',
  kid: 'kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k',
  x: '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo',
  d: 'nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A',
};
const payload =
  '{"iss":"http://127.0.0.1:7420","aud":"http://127.0.0.1:7420/projects/shop","sub":"agent:builder-1","act":{"sub":"agent:lead","act":{"sub":"human:ada"}},' +
  '"jti":"tok_aaaaaaaaaaaaaaaaaaaaaaaaaa","iat":1000,"nbf":1000,"exp":1900,"gid":"gnt_bbbbbbbbbbbbbbbbbbbbbbbbbb","lin":["gnt_cccccccccccccccccccccccccc","gnt_dddddddddddddddddddddddddd"],' +
  '"ep":1,"cnf":{"jkt":"jjjjjjjjjjjjjjjjjjjjjjjjjjjjjjjjjjjjjjjjjjj"},"cap":{"v":1,"role":"IMPLEMENTER","tier":"implementer","project":"shop","plan":"*","ops":["IMPLEMENTER@1"],"dops":["IMPLEMENTER@1"],' +
  '"phases":["*"],"refs":["task/"],"w":["src/**"],"r":["**"],"x":["**/*.pem"],"complexity":8,"lines":60,"budget":{"tokens":5000000,"usdMicro":10000000,"commits":100,"files":500,"lines":20000,"children":0},' +
  '"depth":0,"mints":[],"task":"cart","epoch":3,"skills":["typescript"]}}';
const signature = '9qdIbWw-YLKPSUv_W6edvX4yiTFk3V3HQVASKIOAuM-zv4KYx2u2h-q8QzjKjZHjVaDjwe9pWi0YuaBlCrPKCQ';
const latestSignature =
  'OvktyqOFGq24V-pBA6xdcdJWeJEtMfrujsciJ64wRpKBkBOPeHnoOcSPmoCHxHW8BvzItWb6AF62oxocpG_ZAg';
const encode = (text: string): string => Buffer.from(text).toString('base64url');
const header = `{"alg":"EdDSA","typ":"cap+jwt","kid":"${jwk.kid}"}`;
const former = `${encode(header)}.${encode(payload)}.${signature}`;

const draft = draftOf(
  fullCapability('implementer', {
    write: ['src/**'],
    deny: ['**/*.pem'],
    task: 'cart',
    epoch: 3,
    skills: ['typescript'],
  }),
  { act: { sub: 'agent:lead', act: { sub: 'human:ada' } }, cnf: { jkt: 'j'.repeat(43) } },
);

async function authority() {
  const folder = mkdtempSync(join(tmpdir(), 'andon-wire-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const ring = { version: 1, next: jwk, active: jwk, retired: [] };
  writeFileSync(join(folder, 'keys.json'), JSON.stringify(ring), { mode: 0o600 });
  const now = () => 1_000_000;
  return createTokenAuthority({ issuer, keys: await openKeyRing({ folder, now }), now });
}

describe('the names of a token on the wire', () => {
  it('are signed byte by byte as they ever were', async () => {
    const token = await (await authority()).sign(draft);
    // Byte for byte but for the version of the role table, which names the sets of today.
    const latest = payload.replaceAll('IMPLEMENTER@1', 'IMPLEMENTER@4');
    expect(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()).toBe(latest);
    expect(token).toBe(`${encode(header)}.${encode(latest)}.${latestSignature}`);
  });

  it('verify in a token that was signed before, and are whole names inside', async () => {
    const { cap } = draft;
    const ofVersion1 = (list: readonly string[]): string[] =>
      list.filter((action) => !['change:withdraw', 'briefing:extend', 'solution:write'].includes(action));
    const formerCap = { ...cap, actions: ofVersion1(cap.actions), delegable: ofVersion1(cap.delegable) };
    expect(await (await authority()).verify(former)).toEqual({ ...draft, cap: formerCap, kid: jwk.kid });
  });
});

describe('the two directions', () => {
  it('give back every capability as it was, with its members in their order', () => {
    fc.assert(
      fc.property(someCapability, (cap) => {
        const wire = capabilityToWire(cap);
        expect(JSON.stringify(capabilityFromWire(wire))).toBe(JSON.stringify(cap));
        expect(JSON.stringify(capabilityToWire(capabilityFromWire(wire)))).toBe(JSON.stringify(wire));
        const claims = claimsToWire(draftOf(cap));
        expect(JSON.stringify(claimsToWire(claimsFromWire(claims)))).toBe(JSON.stringify(claims));
        expect(claimsFromWire(claims)).toEqual(draftOf(cap));
      }),
      runs(300),
    );
  });

  it('leave no whole name on the wire, and no short one inside', () => {
    const wire = claimsToWire(draft);
    expect(Object.keys(wire)).toEqual(expect.arrayContaining(['gid', 'lin', 'ep']));
    expect(Object.keys(wire.cap)).toEqual(expect.arrayContaining(['ops', 'dops', 'w', 'r', 'x']));
    for (const name of ['grantId', 'lineage', 'epoch']) expect(wire).not.toHaveProperty(name);
    for (const name of ['actions', 'delegable', 'write', 'read', 'deny'])
      expect(wire.cap).not.toHaveProperty(name);
  });

  it('rename what a request says and add nothing to it', () => {
    expect(membersFromWire({ role: 'TESTER', w: ['src/**'] })).toEqual({ role: 'TESTER', write: ['src/**'] });
    expect(membersFromWire({})).toEqual({});
    expect([wireNameOf('write'), wireNameOf('delegable'), wireNameOf('tier')]).toEqual(['w', 'dops', 'tier']);
  });

  it('take a member of another version as it is', () => {
    const later = { ...capabilityToWire(draft.cap), constructor: 1, later: [2] };
    expect(capabilityFromWire(later)).toMatchObject({ later: [2], constructor: 1 });
  });
});

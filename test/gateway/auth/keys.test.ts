import { chmod, chown, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { loadRing, writeRing } from '../../../src/gateway/auth/key-file.ts';
import { openKeyRing } from '../../../src/gateway/auth/keys.ts';
import { codeOf } from '../../support/authority.ts';

let root: string;
let folder: string;
let file: string;
const clock = { seconds: 1_000 };
const open = () => openKeyRing({ folder, now: () => clock.seconds * 1000 });
const modeOf = async (path: string) => ((await stat(path)).mode & 0o777).toString(8);

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'andon-ring-'));
  folder = join(root, 'state', 'keys');
  file = join(folder, 'keys.json');
  clock.seconds = 1_000;
});
afterEach(() => rm(root, { recursive: true, force: true }));

describe('the key ring', () => {
  it('is made once, for its owner only, and read again', async () => {
    const first = await open();
    expect([await modeOf(folder), await modeOf(file)]).toEqual(['700', '600']);
    expect(await readdir(folder)).toEqual(['keys.json']);
    expect((await open()).active().kid).toBe(first.active().kid);
  });

  it('is one ring when two processes make it at once', async () => {
    const rings = await Promise.all([open(), open(), open()]);
    expect(new Set(rings.map((ring) => ring.active().kid)).size).toBe(1);
  });

  it('leaves a ring alone that another process wrote first', async () => {
    const first = await open();
    const other = await loadRing(join(root, 'other'));
    await writeRing(folder, other, 'first');
    expect((await open()).active().kid).toBe(first.active().kid);
    expect(await readdir(folder)).toEqual(['keys.json']);
  });

  it('publishes active and next, without private halves', async () => {
    const ring = await open();
    const { keys } = ring.jwks();
    expect(keys).toHaveLength(2);
    expect(keys[0]?.kid).toBe(ring.active().kid);
    expect(JSON.stringify(keys)).not.toContain('"d"');
    for (const { kid } of keys) expect(ring.verifier(kid)).toBeDefined();
  });

  it('rotates: next signs, the former one verifies until its last token has expired and is published so long', async () => {
    const ring = await open();
    const [former, next] = ring.jwks().keys.map(({ kid }) => kid);
    await ring.rotate();
    expect(ring.active().kid).toBe(next);
    expect(ring.jwks().keys.map(({ kid }) => kid)).toEqual([next, expect.any(String), former]);
    expect(ring.verifier(former ?? '')).toBeDefined();
    expect(await readFile(file, 'utf8')).not.toMatch(/"retired":\[[^\]]*"d"/);
    clock.seconds += 12 * 3600 + 60;
    expect(ring.verifier(former ?? '')).toBeUndefined();
    expect(ring.jwks().keys).toHaveLength(2);
    await ring.rotate();
    expect(await readFile(file, 'utf8')).not.toContain(former);
    expect([await modeOf(file), await readdir(folder)]).toEqual(['600', ['keys.json']]);
  });

  it('loses no key when it is rotated twice at once', async () => {
    const ring = await open();
    await Promise.all([ring.rotate(), ring.rotate()]);
    expect(ring.jwks().keys).toHaveLength(4);
    expect((await open()).jwks()).toEqual(ring.jwks());
  });

  it('verifies with trusted foreign keys, and never signs with them', async () => {
    const ring = await open();
    const other = await openKeyRing({ folder: join(root, 'other'), now: () => 0 });
    const { kid } = other.active();
    await ring.trust(other.jwks().keys);
    expect(ring.verifier(kid)).toBeDefined();
    expect(ring.jwks().keys.map((jwk) => jwk.kid)).not.toContain(kid);
  });

  it('trusts no private key, no other curve and no key under the id of another', async () => {
    const ring = await open();
    const [jwk] = (await openKeyRing({ folder: join(root, 'other'), now: () => 0 })).jwks().keys;
    for (const change of [
      { d: 'a'.repeat(43) },
      { crv: 'X25519' },
      { kid: ring.active().kid },
      { alg: 'HS256' },
    ]) {
      expect(await codeOf(ring.trust([{ ...jwk, ...change }]))).toBe('key.broken');
    }
    expect(await codeOf(ring.trust([null]))).toBe('key.broken');
  });
});

describe('a key file', () => {
  it.each([0o640, 0o604, 0o660, 0o644])('with mode %o is refused', async (mode) => {
    await open();
    await chmod(file, mode);
    expect(await codeOf(open())).toBe('key.exposed');
  });

  it.each([0o750, 0o705, 0o711])('in a folder with mode %o is refused', async (mode) => {
    await open();
    await chmod(folder, mode);
    expect(await codeOf(open())).toBe('key.exposed');
  });

  it.runIf(process.getuid?.() === 0)('of another owner is refused', async () => {
    await open();
    await chown(file, 12_345, 12_345);
    expect(await codeOf(open())).toBe('key.exposed');
  });

  it('behind a symbolic link is refused, and so is a linked folder', async () => {
    await open();
    const other = join(root, 'linked');
    await symlink(folder, other);
    expect(await codeOf(openKeyRing({ folder: other, now: () => 0 }))).toBe('key.exposed');
    const text = await readFile(file, 'utf8');
    await writeFile(join(root, 'moved'), text, { mode: 0o600 });
    await rm(file);
    await symlink(join(root, 'moved'), file);
    expect(await codeOf(open())).toBe('key.broken');
  });

  it.each(['', '{', '{}', '[]', '{"version":2}'])('that holds %j is refused and left alone', async (text) => {
    await open();
    await writeFile(file, text);
    expect(await codeOf(open())).toBe('key.broken');
    expect(await readFile(file, 'utf8')).toBe(text);
  });

  it('whose key id is not the thumbprint of the key is refused', async () => {
    const ring = await open();
    const [active, next] = ring.jwks().keys.map(({ kid }) => kid);
    const text = await readFile(file, 'utf8');
    await writeFile(file, text.replace(active ?? '', 'x'.repeat(43)));
    expect(await codeOf(open())).toBe('key.broken');
    expect(next).toBeDefined();
  });
});

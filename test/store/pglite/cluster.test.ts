import { execFileSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { packCluster, unpackCluster } from '../../../src/store/pglite/cluster.ts';
import { openPglite } from '../../../src/store/pglite/pglite.ts';
import { builtFolder } from '../../support/built.ts';

let place: string;
beforeEach(() => {
  place = mkdtempSync(join(tmpdir(), 'andon-init-'));
});
afterEach(() => rmSync(place, { recursive: true, force: true }));

describe('a new database of PGlite', () => {
  it('takes nothing from one that was begun and never finished, and leaves nothing beside it', async () => {
    for (const left of ['db.new', 'db.new-a1b2c3']) {
      mkdirSync(join(place, left));
      writeFileSync(join(place, left, 'PG_VERSION'), '1');
    }
    const store = await openPglite({ folder: join(place, 'db') });
    expect(await store.rows({ name: '', text: 'select 1 as n' })).toEqual([{ n: 1 }]);
    await store.close();
    expect(readdirSync(place).filter((name) => name.includes('.new'))).toEqual([]);
  });

  it('that cannot be made is refused with code, rule and next step, and nothing takes its place', () => {
    const folder = join(place, 'db');
    const module = pathToFileURL(join(builtFolder(), 'dist/store/pglite/pglite.js')).href;
    const code = `const { openPglite } = await import(${JSON.stringify(module)});
      await openPglite({ folder: ${JSON.stringify(folder)} }).catch(({ reasons: [{ code, found, rule, next }] }) => console.log(JSON.stringify({ code, found, rule, next })));`;
    // No file may grow beyond 64 blocks, which is less than a database wants.
    const shell = 'ulimit -f 64; exec "$0" --input-type=module -e "$1"';
    const said = execFileSync('/bin/sh', ['-c', shell, process.execPath, code], { encoding: 'utf8' });
    const refusal = JSON.parse(said) as Record<string, string>;
    expect(refusal.code).toMatch(/^(store\.unavailable|disk\.full)$/);
    expect(refusal.found).toContain('EFBIG');
    expect(refusal.rule).not.toBe('');
    expect(refusal.next).toContain('andon doctor');
    expect(existsSync(folder)).toBe(false);
  });

  it('is the folder that was packed, byte by byte, readable by its owner alone', async () => {
    const folder = join(place, 'packed');
    mkdirSync(join(folder, 'empty/deep'), { recursive: true });
    writeFileSync(join(folder, 'empty/none'), '');
    writeFileSync(join(folder, 'a b é'), Buffer.from([0, 255, 10, 13]));
    writeFileSync(join(place, 'cluster.gz'), await packCluster(folder));
    const back = join(place, 'back');
    await unpackCluster(back, join(place, 'cluster.gz'));
    expect(readdirSync(back, { recursive: true, encoding: 'utf8' }).sort()).toEqual(
      readdirSync(folder, { recursive: true, encoding: 'utf8' }).sort(),
    );
    expect(readFileSync(join(back, 'a b é'))).toEqual(readFileSync(join(folder, 'a b é')));
    expect([statSync(back).mode & 0o777, statSync(join(back, 'empty/none')).mode & 0o777]).toEqual([
      0o700, 0o600,
    ]);
  });

  it('is refused with the step that makes it where the package was never built', async () => {
    const missing = unpackCluster(join(place, 'db'), join(place, 'cluster.gz'));
    await expect(missing).rejects.toMatchObject({
      reasons: [{ code: 'store.unavailable', next: expect.stringContaining('npm run build') }],
    });
  });
});

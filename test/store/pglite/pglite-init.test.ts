import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openPglite } from '../../../src/store/pglite/pglite.ts';

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
    const source = pathToFileURL(join(import.meta.dirname, '../../../src/store/pglite/pglite.ts')).href;
    const code = `const { openPglite } = await import(${JSON.stringify(source)});
      await openPglite({ folder: ${JSON.stringify(folder)} }).catch(({ reasons: [{ code, found, rule, next }] }) => console.log(JSON.stringify({ code, found, rule, next })));`;
    // No file may grow beyond 64 blocks, which is less than a database wants; the compiler of the sources writes none.
    const shell = 'ulimit -f 64; exec "$0" --import tsx --input-type=module -e "$1"';
    const env = { ...process.env, TSX_DISABLE_CACHE: '1' };
    const said = execFileSync('/bin/sh', ['-c', shell, process.execPath, code], { encoding: 'utf8', env });
    const refusal = JSON.parse(said) as Record<string, string>;
    expect(refusal.code).toMatch(/^(store\.unavailable|disk\.full)$/);
    expect(refusal.found).toMatch(/^the process that makes it ended with /);
    expect(refusal.rule).not.toBe('');
    expect(refusal.next).toContain('andon doctor');
    expect(existsSync(folder)).toBe(false);
  });
});

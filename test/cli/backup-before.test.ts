import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { backup } from '../../src/cli/backup/backup.ts';
import { readManifest } from '../../src/cli/backup/manifest.ts';
import { restore } from '../../src/cli/backup/restore.ts';
import { createGitRunner } from '../../src/git/runner.ts';
import { openPostgres } from '../../src/store/postgres.ts';
import { type Store, statement } from '../../src/store/store.ts';
import { openDumped, takeBackTo } from '../support/dumped.ts';
import { createEmptyDatabase, openTestStore } from '../support/engines.ts';
import { schemaOf } from '../support/schema-of.ts';

const folder = mkdtempSync(join(tmpdir(), 'andon-backup-before-'));
const reposFolder = join(folder, 'repos');
const runner = createGitRunner();
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Seen {
  readonly scopes: string[];
  readonly untold: string[];
  readonly seen: number;
}

/** The values that the upgrade writes into rows. */
async function seenIn(store: Store): Promise<Seen | undefined> {
  const [row] = await store.rows<Seen>(
    statement(
      '',
      `select array(select scope_hash from tasks order by project, id) as scopes,
         array(select name from projects where not protection_told order by name) as untold,
         (select count(*)::int from grants where seen is not null) as seen`,
    ),
  );
  return row;
}

const restored = async (store: Store, from: string): Promise<unknown> =>
  restore({ store, runner, reposFolder, folder: from, manifest: await readManifest(from), mark: undefined });

it.each([13, 9])(
  'a backup of version %i comes back as the database would have been upgraded',
  async (version) => {
    const [old, fresh, target] = [
      await openDumped('postgres'),
      await openTestStore('postgres'),
      await openPostgres({ url: await createEmptyDatabase() }),
    ];
    try {
      await takeBackTo(old, version);
      const copy = join(folder, `copy-${version}`);
      expect((await backup({ store: old, runner, reposFolder, folder: copy })).schema).toBe(version);
      expect(await restored(target, copy)).toMatchObject({ projects: ['shop', 'till'] });
      expect(await schemaOf(target)).toEqual(await schemaOf(fresh));
      const seen = await seenIn(target);
      expect(seen?.scopes.map((hash) => hash.length)).toEqual(Array.from({ length: 7 }, () => 64));
      expect(seen?.untold).toEqual(version < 12 ? ['shop', 'till'] : []);
      if (version === 13) expect(seen?.seen).toBeGreaterThan(0);
      else expect(seen?.seen).toBe(0);
      await expect(restored(target, copy)).rejects.toMatchObject({ code: 'store.backup' });
    } finally {
      await Promise.all([old, fresh, target].map((store) => store.close()));
    }
  },
);

it('one of a version that is too old is refused with the way, as the database of it is', async () => {
  const old = await openDumped('postgres');
  const target = await openPostgres({ url: await createEmptyDatabase() });
  try {
    const copy = join(folder, 'copy-old');
    await backup({ store: old, runner, reposFolder, folder: copy });
    const path = join(copy, 'manifest.json');
    writeFileSync(path, readFileSync(path, 'utf8').replace('"schema": 13', '"schema": 8'));
    await expect(restored(target, copy)).rejects.toMatchObject({
      code: 'store.older',
      reasons: [{ subject: 'backup', found: 'version 8', next: expect.stringContaining('e25a4e2') }],
    });
    expect(await schemaOf(target)).toEqual([]);
    await takeBackTo(old, 8);
    const refused = backup({ store: old, runner, reposFolder, folder: join(folder, 'copy-8') });
    await expect(refused).rejects.toMatchObject({ code: 'store.older', reasons: [{ subject: 'schema' }] });
  } finally {
    await Promise.all([old.close(), target.close()]);
  }
});

import { appendFileSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { packFile } from '../../../src/cli/backup/manifest.ts';
import {
  loadRepository,
  readRepositories,
  type SavedRepository,
  savePack,
} from '../../../src/cli/backup/repositories.ts';
import { createRepository, mainOid, openRepository } from '../../../src/git/repository.ts';
import { createGitRunner } from '../../../src/git/runner.ts';
import { sourceRepository } from '../../support/gateway.ts';

/** More bytes than any pipe or socket holds: what nobody reads is an error for whoever writes it. */
const unread = Buffer.alloc(8 * 1024 * 1024);

describe('the pack of a backup', () => {
  const folder = mkdtempSync(join(tmpdir(), 'andon-packs-'));
  const runner = createGitRunner({ path: process.env.PATH ?? '' });
  const [repos, backup, restored] = ['repos', 'backup', 'restored'].map((name) => join(folder, name)) as [
    string,
    string,
    string,
  ];
  let saved: SavedRepository;
  let main: string | undefined;

  beforeAll(async () => {
    for (const one of [repos, backup, restored]) mkdirSync(one);
    const source = await sourceRepository({ 'README.md': '# shop\n' });
    const repository = await createRepository({ runner, gitDir: join(repos, 'shop.git'), source });
    main = await mainOid(runner, repository);
    [saved] = (await readRepositories(runner, repos)) as [SavedRepository];
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('is restored when git ends before its whole input was written', async () => {
    await savePack(runner, repos, saved, backup);
    appendFileSync(join(backup, packFile('shop')), unread);
    await loadRepository(runner, restored, saved, backup);
    expect(await mainOid(runner, await openRepository(runner, join(restored, 'shop.git')))).toBe(main);
    rmSync(join(restored, 'shop.git'), { recursive: true });
  });

  it('is refused with what git said when git refuses its first bytes, and leaves no repository', async () => {
    writeFileSync(join(backup, packFile('shop')), unread);
    await expect(loadRepository(runner, restored, saved, backup)).rejects.toMatchObject({
      reasons: [{ code: 'store.backup', found: 'git index-pack: exit 128' }],
    });
    expect(existsSync(join(restored, 'shop.git'))).toBe(false);
  });
});

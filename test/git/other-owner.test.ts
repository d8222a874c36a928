import { chownSync, mkdirSync, mkdtempSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { userRepositoryAt } from '../../src/cli/init/repository.ts';
import { Upstreams } from '../../src/gateway/repositories/upstreams.ts';
import { createRepository, mainOid } from '../../src/git/repository.ts';
import { createGitRunner, type GitRunner } from '../../src/git/runner.ts';
import { refuseOthersFolders } from '../../src/store/pglite/folder-owner.ts';
import { commit, must } from '../support/git-server.ts';

const isRoot = process.getuid?.() === 0;
if (!isRoot) console.log('left out: repositories of another user, because only root can give files away');

const stranger = 65534;
const give = (folder: string): void => {
  chownSync(folder, stranger, stranger);
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true }))
    chownSync(join(entry.parentPath, entry.name), stranger, stranger);
};

describe.runIf(isRoot)('a repository of another user', () => {
  let runner: GitRunner;
  let folder: string;
  let source: string;
  let operator: { HOME: string; GIT_CONFIG_SYSTEM: string };
  let gitDir: string;
  beforeEach(async () => {
    runner = createGitRunner();
    folder = mkdtempSync(join(tmpdir(), 'andon-owner-'));
    source = join(folder, 'source');
    gitDir = join(folder, 'repos', 'shop.git');
    await must(folder, ['init', '-q', '-b', 'main', 'source']);
    await commit(source, { 'README.md': '# shop\n' });
    give(source);
    operator = { HOME: join(folder, 'home'), GIT_CONFIG_SYSTEM: '/dev/null' };
    mkdirSync(operator.HOME);
  });
  afterEach(async () => {
    vi.unstubAllEnvs();
    await runner.close();
  });

  const trust = (text: string): void => writeFileSync(join(operator.HOME, '.gitconfig'), text);
  const adopt = () => createRepository({ runner, gitDir, source, operator });

  it('is refused, with what the operator can do, and leaves nothing', async () => {
    await expect(adopt()).rejects.toMatchObject({
      code: 'repo.owner',
      message: expect.stringMatching(/dubious ownership in repository at '.*source'.*safe\.directory/s),
    });
    expect(readdirSync(join(folder, 'repos'))).toEqual([]);
    trust('[safe]\n\tdirectory = *\n\tdirectory =\n');
    await expect(adopt()).rejects.toMatchObject({ code: 'repo.owner' });
    trust(`[safe]\n\tdirectory = ${source}2\n`);
    await expect(adopt()).rejects.toMatchObject({ code: 'repo.owner' });
  });

  it('is adopted where the operator’s git trusts it, and shares no file with its owner', async () => {
    trust(`[safe]\n\tdirectory = ${folder}/elsewhere\n\tdirectory = ${source}\n`);
    const repository = await adopt();
    expect(await mainOid(runner, repository)).toBe(
      await must(source, ['-c', `safe.directory=${source}`, 'rev-parse', 'HEAD']),
    );
    const objects = readdirSync(join(gitDir, 'objects'), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => statSync(join(entry.parentPath, entry.name)));
    expect(objects.length).toBeGreaterThan(2);
    expect(objects.map(({ nlink, uid }) => ({ nlink, uid }))).toEqual(
      objects.map(() => ({ nlink: 1, uid: 0 })),
    );
    expect(await must(gitDir, ['fsck', '--strict'])).toBe('');
  });

  it('is found by ~ as the operator means it', async () => {
    operator.HOME = folder;
    trust('[safe]\n\tdirectory = ~/source\n');
    await adopt();
  });

  it('takes nothing else from the operator’s configuration', async () => {
    trust(`[safe]\n\tdirectory = *\n[url "${folder}/nowhere"]\n\tinsteadOf = ${source}\n`);
    await adopt();
    // A git that read the whole configuration would be led elsewhere.
    const env = { GIT_CONFIG_GLOBAL: join(operator.HOME, '.gitconfig') };
    await expect(runner.must(['ls-remote', source], { env })).rejects.toThrow(/nowhere/);
  });

  it('is followed and mirrored to as an upstream where the operator’s git trusts it', async () => {
    trust(`[safe]\n\tdirectory = ${source}\n`);
    const repository = await adopt();
    const upstreams = new Upstreams(runner, async () => repository, operator);
    await expect(upstreams.fetch('shop', join(source, '.git'))).rejects.toMatchObject({
      code: 'repo.owner',
    });
    trust(`[safe]\n\tdirectory = ${source}\n\tdirectory = ${source}/.git\n`);
    const main = (await mainOid(runner, repository)) ?? '';
    expect(await upstreams.fetch('shop', join(source, '.git'))).toBe(main);
    expect(await upstreams.fetch('shop', `file://${join(source, '.git')}`)).toBe(main);
    await upstreams.mirror('shop', join(source, '.git'), main);
  });

  it('is named to who stands in it, instead of being no repository', async () => {
    vi.stubEnv('HOME', operator.HOME);
    vi.stubEnv('GIT_CONFIG_NOSYSTEM', '1');
    await expect(userRepositoryAt(source)).rejects.toMatchObject({ code: 'repo.owner' });
    trust(`[safe]\n\tdirectory = ${source}\n`);
    expect(await userRepositoryAt(source)).toMatchObject({ root: source });
  });
});

describe.runIf(isRoot)('folders of another user', () => {
  it('are not worked in: their owner would be locked out', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'andon-owner-'));
    await refuseOthersFolders(folder, join(folder, 'none'));
    chownSync(folder, stranger, stranger);
    await expect(refuseOthersFolders(folder)).rejects.toMatchObject({
      code: 'file.denied',
      reasons: [{ subject: folder, found: `owner ${stranger}`, limit: 'owner 0' }],
    });
  });
});

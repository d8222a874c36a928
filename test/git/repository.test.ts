import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { checkoutTree } from '../../src/git/checkout.ts';
import { bumpFence, moveRef, readRef } from '../../src/git/refs.ts';
import { createRepository, mainOid, maintain, openRepository } from '../../src/git/repository.ts';
import { unsafeSettings } from '../../src/git/settings.ts';
import { compareUpstream, fetchUpstream, mirrorUpstream } from '../../src/git/upstream.ts';
import { forgeTree } from '../support/forge.ts';
import { commit, git, must, startServer, type TestServer, write } from '../support/git-server.ts';

let server: TestServer;
let source: string;
beforeAll(async () => {
  server = await startServer();
  source = join(server.folder, 'source');
});
afterAll(() => server.close());
const create = (name: string, from: string, branch?: string) =>
  createRepository({
    runner: server.runner,
    gitDir: resolve(server.folder, name),
    source: from,
    ...(branch && { branch }),
  });

const files = (folder: string): string[] =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();

test('adopting takes main and tags, shares the objects on disk and touches nothing of the user’s', async () => {
  await must(source, ['branch', 'private']);
  await must(source, ['tag', 'v1']);
  await must(source, ['gc', '-q']);
  write(source, { 'untracked.txt': 'mine' });
  const before = files(source).map((path) => [path, readFileSync(path, 'latin1')]);
  const { gitDir, mainRef } = await create('adopted.git', source);
  expect(files(source).map((path) => [path, readFileSync(path, 'latin1')])).toEqual(before);
  expect(mainRef).toBe('refs/heads/main');
  const refs = await must(gitDir, ['for-each-ref', '--format=%(refname)']);
  expect(refs.split('\n')).toEqual(['refs/heads/main', 'refs/tags/v1']);
  const [pack = ''] = readdirSync(join(gitDir, 'objects/pack')).filter((name) => name.endsWith('.pack'));
  expect(statSync(join(gitDir, 'objects/pack', pack)).ino).toBe(
    statSync(join(source, '.git/objects/pack', pack)).ino,
  );
  expect(await must(gitDir, ['config', '--list'])).not.toContain(source);
  await must(gitDir, ['fsck', '--strict']);
});

const shared = '/dev/shm';
const anotherDisk = existsSync(shared) && statSync(shared).dev !== statSync(tmpdir()).dev;
if (!anotherDisk) console.log(`left out: no other file system at ${shared} to adopt to`);

test.runIf(anotherDisk)('what lies on another file system is adopted as a copy', async () => {
  const folder = mkdtempSync(join(shared, 'andon-repository-'));
  try {
    const { gitDir, mainRef } = await create(join(folder, 'far.git'), source);
    expect(await must(gitDir, ['rev-parse', mainRef])).toBe(await must(source, ['rev-parse', 'main']));
    await must(gitDir, ['fsck', '--strict']);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('a branch of another name, a linked worktree and an empty repository can be adopted', async () => {
  expect((await create('other.git', source, 'private')).mainRef).toBe('refs/heads/private');
  await must(source, ['worktree', 'add', '-q', join(server.folder, 'linked'), 'private']);
  expect((await create('linked.git', join(server.folder, 'linked'), 'main')).mainRef).toBe('refs/heads/main');
  const empty = join(server.folder, 'empty');
  mkdirSync(empty);
  await must(empty, ['init', '-q', '-b', 'trunk']);
  const adopted = await create('empty.git', empty);
  expect([adopted.mainRef, await mainOid(server.runner, adopted)]).toEqual(['refs/heads/trunk', undefined]);
  expect((await openRepository(server.runner, adopted.gitDir)).mainRef).toBe('refs/heads/trunk');
});

test('a source that borrows objects is copied whole', async () => {
  await must(server.folder, ['clone', '-q', '--shared', source, 'borrower']);
  const { gitDir } = await create('whole.git', join(server.folder, 'borrower'));
  expect(existsSync(join(gitDir, 'objects/info/alternates'))).toBe(false);
  await must(gitDir, ['fsck', '--strict']);
});

test('shallow and partial clones, a folder without git and an unknown branch are refused, and nothing is left', async () => {
  // A partial clone fetches what it checks out: it lacks what only earlier commits have.
  await commit(source, { 'two.txt': 'the first two' }, 'two');
  await commit(source, { 'two.txt': '2' }, 'two');
  await must(server.folder, ['clone', '-q', '--depth=1', `file://${source}`, 'shallow']);
  await must(source, ['config', 'uploadpack.allowFilter', 'true']);
  await must(server.folder, ['clone', '-q', '--filter=blob:none', `file://${source}`, 'partial']);
  mkdirSync(join(server.folder, 'plain'));
  const cases = [
    ['shallow', undefined, 'repo.shallow'],
    ['partial', undefined, 'repo.shallow'],
    ['plain', undefined, 'repo.missing'],
    ['nowhere', undefined, 'repo.missing'],
    ['source', 'no-such', 'repo.missing'],
  ] as const;
  const before = readdirSync(server.folder).sort();
  for (const [name, branch, code] of cases) {
    await expect(create('refused.git', join(server.folder, name), branch), name).rejects.toMatchObject({
      code,
    });
  }
  expect(readdirSync(server.folder).sort()).toEqual(before);
});

test('a repository with a missing or broken object is refused with the object and the next step', async () => {
  const whole = await must(source, ['rev-parse', 'HEAD:two.txt']);
  const at = (repository: string): string =>
    join(server.folder, repository, '.git/objects', whole.slice(0, 2), whole.slice(2));
  const damage: Record<string, (file: string) => void> = {
    lost: (file) => rmSync(file),
    torn: (file) => writeFileSync(file, readFileSync(file).subarray(0, 5)),
    other: (file) => writeFileSync(file, 'garbage'),
  };
  for (const [name, hurt] of Object.entries(damage)) {
    await must(server.folder, ['clone', '-q', '--no-hardlinks', source, name]);
    if (!existsSync(at(name))) copyFileSync(at('source'), at(name));
    chmodSync(at(name), 0o600);
    hurt(at(name));
    const refused = create('broken.git', join(server.folder, name));
    await expect(refused, name).rejects.toMatchObject({
      code: 'repo.broken',
      message: expect.stringContaining(whole),
    });
    await expect(refused).rejects.toThrow(/git fsck --full says there/);
    expect(existsSync(join(server.folder, 'broken.git'))).toBe(false);
  }
});

test('a broken pack is refused, and a broken object that nothing reaches hinders nobody', async () => {
  await must(server.folder, ['clone', '-q', '--no-local', source, 'packed']);
  const packs = join(server.folder, 'packed/.git/objects/pack');
  const pack = join(packs, readdirSync(packs).find((name) => name.endsWith('.pack')) ?? '');
  const bytes = readFileSync(pack);
  chmodSync(pack, 0o600);
  bytes.writeUInt16BE(0xffff, bytes.length - 30);
  writeFileSync(pack, bytes);
  await expect(create('broken.git', join(server.folder, 'packed'))).rejects.toMatchObject({
    code: 'repo.broken',
  });
  await must(server.folder, ['clone', '-q', source, 'littered']);
  const oid = await must(join(server.folder, 'littered'), ['hash-object', '-w', 'two.txt']);
  expect(oid).toMatch(/^[0-9a-f]{40}$/);
  const stray = join(server.folder, 'littered/.git/objects/ab');
  mkdirSync(stray, { recursive: true });
  writeFileSync(join(stray, 'c'.repeat(38)), 'garbage');
  await create('littered.git', join(server.folder, 'littered'));
});

test('a partial clone is adopted once its objects are there', async () => {
  const partial = join(server.folder, 'partial');
  await expect(create('partial.git', partial)).rejects.toThrow(/git fetch --refetch --no-filter there/);
  await must(partial, ['fetch', '-q', '--refetch', '--no-filter', 'origin']);
  const { gitDir } = await create('partial.git', partial);
  await must(gitDir, ['fsck', '--strict']);
});

test('unsafe settings, hooks and files are named', async () => {
  const { gitDir } = await create('unsafe.git', source);
  expect(await unsafeSettings(server.runner, gitDir)).toEqual([]);
  for (const [key, value] of [
    ['core.fsmonitor', 'evil'],
    ['filter.x.smudge', 'evil'],
    ['receive.fsckObjects', 'false'],
    ['include.path', 'x'],
    ['core.fsync', 'none'],
    ['alias.x', '!evil'],
    ['remote.o.uploadpack', 'evil'],
  ] as const) {
    await must(gitDir, ['config', key, value]);
  }
  write(gitDir, { 'hooks/post-receive': '#!/bin/sh', 'info/grafts': '' });
  chmodSync(join(gitDir, 'hooks/post-receive'), 0o755);
  chmodSync(gitDir, 0o777);
  const keys = (await unsafeSettings(server.runner, gitDir)).map(({ key }) => key);
  expect(keys.sort()).toEqual([
    '.',
    'alias.x',
    'core.fsmonitor',
    'core.fsync',
    'filter.x.smudge',
    'hooks/post-receive',
    'include.path',
    'info/grafts',
    'receive.fsckobjects',
    'remote.o.uploadpack',
  ]);
});

test('maintenance packs what many pushes brought and loses nothing', async () => {
  const work = await server.clone('busy');
  for (let i = 0; i < 5; i++) {
    await commit(work, { [`src/cart/${i}.ts`]: `${i}\n` });
    await must(work, ['push', '-q', 'origin', `HEAD:task/cart/1/m${i}`]);
  }
  const packs = () =>
    readdirSync(join(server.repository.gitDir, 'objects/pack')).filter((name) => name.endsWith('.pack'))
      .length;
  const before = packs();
  await maintain(server.runner, server.repository.gitDir);
  expect(packs()).toBeLessThan(before);
  await must(server.repository.gitDir, ['fsck', '--strict']);
});

test('upstream is followed forward only, mirrored with a lease, and a divergence moves nothing', async () => {
  await must(server.folder, ['clone', '-q', '--bare', source, 'upstream.git']);
  const url = join(server.folder, 'upstream.git');
  const repository = await create('follower.git', source);
  const place = { runner: server.runner, gitDir: repository.gitDir };
  const fence = (await bumpFence(place, undefined)) ?? '';
  const upstream = { runner: server.runner, repository, url, remoteRef: 'refs/heads/main' };
  const first = (await mainOid(server.runner, repository)) ?? '';
  const compare = async () => compareUpstream(upstream, await fetchUpstream(upstream));
  expect(await compare()).toEqual({ kind: 'same', main: first });
  const theirs = await commit(source, { 'upstream.txt': '1' }, 'theirs');
  await must(source, ['push', '-q', url, 'main']);
  const found = await compare();
  expect(found).toMatchObject({ kind: 'forward', main: first, tip: theirs, commits: 1 });
  expect(found.kind === 'forward' && found.authors).toHaveLength(1);
  expect(await readRef(place, 'refs/heads/main')).toBe(first);
  expect(await moveRef(place, { ref: 'refs/heads/main', from: first, to: theirs }, fence)).toBe('moved');

  const tree = await must(url, ['rev-parse', `${theirs}^{tree}`]);
  const ours = await must(repository.gitDir, [
    '-c',
    'user.name=a',
    '-c',
    'user.email=a@b',
    'commit-tree',
    tree,
    '-p',
    theirs,
    '-m',
    'ours',
  ]);
  await must(repository.gitDir, ['update-ref', 'refs/heads/main', ours]);
  expect(await compare()).toEqual({ kind: 'ahead', main: ours });
  await expect(mirrorUpstream(upstream, ours, first)).rejects.toMatchObject({ code: 'sync.diverged' });
  await mirrorUpstream(upstream, ours, theirs);
  expect(await must(url, ['rev-parse', 'main'])).toBe(ours);

  const other = await commit(source, { 'upstream.txt': '2' }, 'other');
  await must(source, ['push', '-q', '-f', url, 'main']);
  expect(await compare()).toMatchObject({ kind: 'diverged', main: ours, tip: other });
  expect([await readRef(place, 'refs/heads/main'), other === ours]).toEqual([ours, false]);
  await expect(fetchUpstream({ ...upstream, url: 'ext::sh -c evil' })).rejects.toThrow(/remote helper/);
});

test('a checkout writes the bytes of the tree whatever attributes, filters and hooks ask for', async () => {
  const marker = join(server.folder, 'ran');
  await must(source, ['config', 'core.autocrlf', 'false']);
  const oid = await commit(source, {
    '.gitattributes':
      '*.txt text eol=crlf ident filter=evil export-subst\n*.u working-tree-encoding=UTF-16LE\nsub/* export-ignore\n',
    'a.txt': 'line $Id$ $Format:%H$\n',
    'b.u': Buffer.from('plain\n', 'utf16le'),
    'sub/kept': 'kept\n',
  });
  const repository = await create('checkout.git', source);
  await must(repository.gitDir, ['config', 'filter.evil.smudge', `touch ${marker}`]);
  write(repository.gitDir, { 'hooks/post-checkout': `#!/bin/sh\ntouch ${marker}\n` });
  chmodSync(join(repository.gitDir, 'hooks/post-checkout'), 0o755);
  const folder = join(server.folder, 'out');
  await checkoutTree({ runner: server.runner, gitDir: repository.gitDir, commit: oid, folder });
  expect(readFileSync(join(folder, 'a.txt'), 'utf8')).toBe('line $Id$ $Format:%H$\n');
  expect(readFileSync(join(folder, 'b.u'), 'utf8')).toBe('plain\n');
  expect([
    existsSync(join(folder, 'sub/kept')),
    existsSync(join(folder, '.git')),
    existsSync(marker),
  ]).toEqual([true, false, false]);
});

test('links that stay inside are links, links that lead out are files', async () => {
  mkdirSync(join(source, 'links'), { recursive: true });
  symlinkSync('../README.md', join(source, 'links/in'));
  symlinkSync('../../etc/passwd', join(source, 'links/out'));
  symlinkSync('/etc/passwd', join(source, 'links/absolute'));
  const oid = await commit(source, {});
  const repository = await create('links.git', source);
  const folder = join(server.folder, 'linkout');
  await checkoutTree({ runner: server.runner, gitDir: repository.gitDir, commit: oid, folder });
  expect(readlinkSync(join(folder, 'links/in'))).toBe('../README.md');
  for (const name of ['out', 'absolute']) expect(statSync(join(folder, 'links', name)).isFile()).toBe(true);
  expect(readFileSync(join(folder, 'links/absolute'), 'utf8')).toBe('/etc/passwd');
});

test('a tree that would write through a link or into .git is not checked out', async () => {
  const { gitDir } = server.repository;
  const blob = await must(gitDir, ['hash-object', '-w', '--stdin'], 'x\n');
  const target = await must(gitDir, ['hash-object', '-w', '--stdin'], '/tmp');
  const sub = await forgeTree(gitDir, [{ mode: '100644', name: 'f', oid: blob }]);
  const twice = await forgeTree(gitDir, [
    { mode: '120000', name: 'd', oid: target },
    { mode: '40000', name: 'd', oid: sub },
  ]);
  const dotGit = await forgeTree(gitDir, [{ mode: '40000', name: '.git', oid: sub }]);
  for (const [index, tree] of [twice, dotGit].entries()) {
    const folder = join(server.folder, `trap${index}`);
    const oid = (
      await git(gitDir, ['-c', 'user.name=a', '-c', 'user.email=a@b', 'commit-tree', tree, '-m', 'x'])
    ).out.trim();
    await checkoutTree({ runner: server.runner, gitDir, commit: oid, folder }).catch(() => undefined);
    expect([existsSync('/tmp/f'), existsSync(join(folder, '.git'))]).toEqual([false, false]);
  }
});

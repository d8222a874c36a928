import { chmodSync, existsSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import {
  commitTree,
  entriesOf,
  type ForgedEntry,
  forgeBlob,
  forgeInCart,
  forgeObject,
  forgeTree,
  withEntry,
} from '../support/forge.ts';
import { branch, commit, git, must, startServer, type TestServer, write } from '../support/git-server.ts';

let server: TestServer;
let work: string;
let main: string;
let before: string;

beforeAll(async () => {
  server = await startServer();
  work = await server.clone('work');
  main = await must(work, ['rev-parse', 'origin/main']);
});
afterAll(() => server.close());
beforeEach(async () => {
  await must(work, ['reset', '-q', '--hard', main]);
  await must(work, ['clean', '-fdxq']);
  before = await server.refs();
});
afterEach(() => expect(server.troubles).toEqual([]));

/** Pushes and expects a refusal that names every code (and the text), and a repository that has not changed. */
async function refused(what: string, ...said: string[]): Promise<string> {
  const pushed = await git(work, ['push', 'origin', `${what}:refs/heads/${branch}`]);
  expect(pushed.code, pushed.err).not.toBe(0);
  for (const text of said) expect(pushed.err).toContain(text);
  expect(await server.refs()).toBe(before);
  return pushed.err;
}

async function accepted(what: string): Promise<void> {
  const name = `task/cart/1/ok-${Math.random().toString(36).slice(2)}`;
  const pushed = await git(work, ['push', 'origin', `${what}:refs/heads/${name}`]);
  expect(pushed.code, pushed.err).toBe(0);
}

const file = async (name: string | Buffer, mode = '100644'): Promise<ForgedEntry> => ({
  mode,
  name,
  oid: await forgeBlob(work, 'x\n'),
});

test('edit outside the scope and revert in a second commit', async () => {
  await commit(work, { 'secret/key.txt': 'stolen\n' });
  await commit(work, { 'secret/key.txt': 'do not touch\n' });
  await refused('HEAD', 'scope.write', 'secret/key.txt');
});

test('rename out of a denied path', async () => {
  renameSync(join(work, 'secret/key.txt'), join(work, 'src/cart/key.txt'));
  await commit(work, {});
  await refused('HEAD', 'scope.write', 'secret/key.txt', 'deleted outside');
});

test('non-ASCII name outside the scope', async () => {
  await commit(work, { 'secret/clé.txt': 'x\n' });
  await refused('HEAD', 'scope.write', 'secret/clé.txt');
});

test('TAB and other control bytes in a name inside the scope', async () => {
  await refused(
    await forgeInCart(work, main, [await file('a\tb.ts'), await file('c\u001b[2Jd')]),
    'tree.name',
    '\\u0009',
    '\\u001b',
  );
});

test('symbolic link to a denied file', async () => {
  symlinkSync('../../secret/key.txt', join(work, 'src/cart/link'));
  await commit(work, {});
  await refused('HEAD', 'tree.symlink', 'src/cart/link');
});

test('merge with -s ours that takes back what main did', async () => {
  await commit(work, { 'src/cart/mine.ts': '1\n' });
  const mine = await must(work, ['rev-parse', 'HEAD']);
  await must(work, ['reset', '-q', '--hard', main]);
  const next = await commit(work, { 'src/pay/charge.ts': 'export const charge = 2;\n' });
  await must(work, ['push', '-q', server.repository.gitDir, 'HEAD:main']);
  before = await server.refs();
  await must(work, ['reset', '-q', '--hard', mine]);
  await must(work, ['merge', '-q', '-s', 'ours', '-m', 'm', next]);
  await refused('HEAD', 'frame.merge', 'src/pay/charge.ts');
  await server.land(main);
});

test('evil merge: an edit outside the scope hidden in a merge commit', async () => {
  const next = await commit(work, { 'src/pay/more.ts': '1\n' });
  await server.land(main);
  await must(work, ['push', '-q', server.repository.gitDir, 'HEAD:main']);
  before = await server.refs();
  await must(work, ['reset', '-q', '--hard', main]);
  await commit(work, { 'src/cart/mine.ts': '1\n' });
  await must(work, ['merge', '-q', '--no-commit', next]);
  await commit(work, { 'secret/key.txt': 'stolen\n' });
  await refused('HEAD', 'frame.merge', 'secret/key.txt');
  await server.land(main);
});

test('`..` as a tree entry inside the scope', async () => {
  const secret = await forgeTree(work, [await file('key.txt')]);
  await refused(
    await forgeInCart(work, main, [{ mode: '40000', name: '..', oid: secret }]),
    'push.object',
    'hasDotdot',
  );
});

test('a slash inside an entry name', async () => {
  await refused(
    await forgeInCart(work, main, [await file('../../secret/key.txt')]),
    'push.object',
    'fullPathname',
  );
});

test('submodule', async () => {
  await refused(
    await forgeInCart(work, main, [{ mode: '160000', name: 'sub', oid: main }]),
    'tree.gitlink',
    'src/cart/sub',
  );
});

test('change of mode outside the scope', async () => {
  chmodSync(join(work, 'secret/key.txt'), 0o755);
  await commit(work, {});
  await refused('HEAD', 'scope.write', 'secret/key.txt');
});

test.each(['100666', '100664', '0100644', '104755'])('file mode %s', async (mode) => {
  const err = await refused(await forgeInCart(work, main, [await file('odd', mode)]));
  expect(err).toMatch(/tree\.mode|push\.object/);
});

test('zero-padded folder mode', async () => {
  const tree = await forgeTree(work, [await file('a')]);
  const err = await refused(await forgeInCart(work, main, [{ mode: '040000', name: 'pad', oid: tree }]));
  expect(err).toMatch(/push\.object.*zeroPaddedFilemode/);
});

test.each(['.git', '.GIT', 'git~1', '.g\u200cit', '.git ', '.git::$INDEX_ALLOCATION', '．ｇｉｔ'])(
  '.git look-alike `%s`',
  async (name) => {
    const tree = await forgeTree(work, [await file('config')]);
    const err = await refused(await forgeInCart(work, main, [{ mode: '40000', name, oid: tree }]));
    expect(err).toMatch(/tree\.name|push\.object.*hasDotgit/);
  },
);

test('case twin of an existing file', async () => {
  await refused(await forgeInCart(work, main, [await file('ADD.ts')]), 'tree.twin', 'src/cart/ADD.ts');
});

test('Unicode twins in one commit', async () => {
  await refused(
    await forgeInCart(work, main, [await file('caf\u00e9'), await file('cafe\u0301')]),
    'tree.twin',
  );
});

test('case twin of a folder on the way', async () => {
  const tree = await forgeTree(work, [await file('add.ts')]);
  const src = await withEntry(work, `${main}:src`, { mode: '40000', name: 'CART', oid: tree });
  const root = await withEntry(work, main, { mode: '40000', name: 'src', oid: src });
  await refused(await commitTree(work, root, main), 'tree.twin', 'scope.write');
});

test('bytes that are no UTF-8', async () => {
  await refused(
    await forgeInCart(work, main, [await file(Buffer.from([0x61, 0xff, 0x62]))]),
    'tree.name',
    'invalid UTF-8',
  );
});

test('backslash in a name', async () => {
  await refused(await forgeInCart(work, main, [await file('..\\secret')]), 'tree.name');
});

test('duplicate entry', async () => {
  await refused(
    await forgeInCart(work, main, [await file('dup'), await file('dup')]),
    'push.object',
    'duplicateEntries',
  );
});

test('unsorted entries', async () => {
  await refused(
    await forgeInCart(work, main, [await file('zz'), await file('aa')], false),
    'push.object',
    'treeNotSorted',
  );
});

test('an empty folder outside the scope', async () => {
  const empty = await forgeTree(work, []);
  const root = await withEntry(work, main, { mode: '40000', name: 'ghost', oid: empty });
  await refused(await commitTree(work, root, main), 'tree.order', 'ghost/');
});

test('a history of its own', async () => {
  const root = await commitTree(work, await must(work, ['rev-parse', `${main}^{tree}`]));
  await refused(root, 'frame.merge', 'a history of its own');
  const joined = await must(work, ['commit-tree', `${main}^{tree}`, '-p', main, '-p', root, '-m', 'join']);
  await refused(joined, 'frame.merge', 'a history of its own');
});

test.each([
  'Andon-Audit: evt_1',
  'andon-audit : x',
  '  ANDON-AUDIT:\ty',
  'Andon-Task: cart',
  'Andon-Author: human:owner',
  'ANDON-CHANGE\t:chg_1',
  'andon-author\v\f :x',
  'Andon-Anything-New: 1',
])('a message that claims `%s`', async (line) => {
  await commit(work, { 'src/cart/a.ts': '1\n' }, `work\n\n${line}\n`);
  await refused('HEAD', 'push.trailer');
  // git itself takes nothing for a trailer that is not refused.
  const read = await must(work, ['log', '-1', '--format=%(trailers:only)']);
  if (/^[\w-]+[ \t]*:/.test(line)) expect(read.toLowerCase()).toContain('andon-');
});

test('a message whose encoding hides what it says', async () => {
  const tree = await must(work, ['rev-parse', `${main}^{tree}`]);
  const text = `tree ${tree}\nparent ${main}\nauthor a <a@b.c> 1 +0000\ncommitter a <a@b.c> 1 +0000\nencoding UTF-7\n\n+AEE-ndon-Audit: x\n`;
  await refused(await forgeObject(work, 'commit', Buffer.from(text)), 'push.object', 'UTF-7');
});

test('deletion inside the scope', async () => {
  rmSync(join(work, 'src/cart/add.ts'));
  await commit(work, {});
  await refused('HEAD', 'scope.delete', 'src/cart/add.ts');
});

test('deletion of a file and of its whole folder by way of a file in its place', async () => {
  rmSync(join(work, 'src/cart'), { recursive: true });
  await commit(work, { 'src/cart': 'a file now\n' });
  await refused('HEAD', 'scope.delete', 'src/cart/add.ts', 'scope.write');
});

test('a commit of 10,000 files outside the scope is refused in a bounded number of lines', async () => {
  const blob = await forgeBlob(work, 'x\n');
  const many = Array.from({ length: 10_000 }, (_, i) => ({
    mode: '100644',
    name: `f${String(i).padStart(5, '0')}`,
    oid: blob,
  }));
  const tree = await forgeTree(work, many);
  const root = await withEntry(work, main, { mode: '40000', name: 'flood', oid: tree });
  const err = await refused(await commitTree(work, root, main), 'scope.write', '9950 more');
  expect(err.split('\n').length).toBeLessThan(70);
});

test('a tree of shared subtrees that stands for ten thousand million files', async () => {
  let oid = await forgeBlob(work, 'x\n');
  let mode = '100644';
  for (let level = 0; level < 10; level++) {
    oid = await forgeTree(
      work,
      Array.from({ length: 10 }, (_, i) => ({ mode, name: `d${i}`, oid })),
    );
    mode = '40000';
  }
  await refused(await forgeInCart(work, main, [{ mode, name: 'bomb', oid }]), 'push.size', 'paths');
});

test('a path of a thousand folders', async () => {
  let oid = await forgeTree(work, [await file('f')]);
  for (let level = 0; level < 1_000; level++)
    oid = await forgeTree(work, [{ mode: '40000', name: 'dd', oid }]);
  await refused(
    await forgeInCart(work, main, [{ mode: '40000', name: 'deep', oid }]),
    'push.size',
    'a folder with a path too long',
  );
});

test('a push to main', async () => {
  await commit(work, { 'src/cart/a.ts': '1\n' });
  const pushed = await git(work, ['push', 'origin', 'HEAD:main']);
  expect(pushed.err).toContain('ref.namespace');
  expect(await server.refs()).toBe(before);
});

test('a push to refs/andon', async () => {
  const pushed = await git(work, ['push', 'origin', 'HEAD:refs/andon/fence']);
  expect(pushed.err).toContain('ref.namespace');
  expect(await server.refs()).toBe(before);
});

test('a tag, and a branch that holds no commit', async () => {
  expect((await git(work, ['push', 'origin', 'HEAD:refs/tags/v1'])).err).toContain('ref.namespace');
  await must(work, ['tag', '-f', '-a', 'note', '-m', 'n', main]);
  await refused('note^{tag}', 'push.object', 'a tag');
});

test('deletion of a ref and a move that leaves commits behind', async () => {
  const ref = 'refs/heads/task/cart/1/mine';
  await commit(work, { 'src/cart/a.ts': '1\n' });
  await must(work, ['push', '-q', 'origin', `HEAD:${ref}`]);
  before = await server.refs();
  expect((await git(work, ['push', 'origin', `:${ref}`])).err).toContain('ref.delete');
  await must(work, ['reset', '-q', '--hard', main]);
  await commit(work, { 'src/cart/b.ts': '1\n' });
  expect((await git(work, ['push', '-f', 'origin', `HEAD:${ref}`])).err).toContain('ref.forward');
  expect(await server.refs()).toBe(before);
});

test('one bad ref among good ones refuses them all', async () => {
  await commit(work, { 'src/cart/a.ts': '1\n' });
  const pushed = await git(work, [
    'push',
    'origin',
    'HEAD:refs/heads/task/cart/1/good',
    'HEAD:refs/heads/other',
  ]);
  expect(pushed.code).not.toBe(0);
  expect(await server.refs()).toBe(before);
});

test('a fetch of hidden refs by name', async () => {
  await must(server.repository.gitDir, ['update-ref', 'refs/andon/candidates/c', main]);
  for (const version of ['0', '2']) {
    const args = ['-c', `protocol.version=${version}`, 'ls-remote', 'origin'];
    expect(await must(work, args)).not.toContain('refs/andon');
    expect(
      (await git(work, ['-c', `protocol.version=${version}`, 'fetch', 'origin', 'refs/andon/candidates/c']))
        .code,
    ).not.toBe(0);
  }
});

test('replace refs and grafts on the side of the server change nothing that is judged', async () => {
  const bad = await commit(work, { 'secret/key.txt': 'stolen\n' });
  await must(server.repository.gitDir, ['update-ref', `refs/replace/${bad}`, main]);
  before = await server.refs();
  await refused(bad, 'scope.write');
  await must(server.repository.gitDir, ['update-ref', '-d', `refs/replace/${bad}`]);
});

test('hooks and settings planted in the repository of the server do not run', async () => {
  write(server.repository.gitDir, {
    'hooks/post-receive': '#!/bin/sh\ntouch ran\n',
    'hooks/reference-transaction': '#!/bin/sh\ntouch ran\nexit 1\n',
  });
  for (const name of ['post-receive', 'reference-transaction'])
    chmodSync(join(server.repository.gitDir, 'hooks', name), 0o755);
  await must(server.repository.gitDir, ['config', 'receive.fsckObjects', 'false']);
  await must(server.repository.gitDir, ['config', 'receive.fsck.hasDotdot', 'ignore']);
  const secret = await forgeTree(work, [await file('key.txt')]);
  await refused(await forgeInCart(work, main, [{ mode: '40000', name: '..', oid: secret }]), 'push.object');
  await commit(work, { 'src/cart/a.ts': '1\n' });
  await accepted('HEAD');
  expect(existsSync(join(server.repository.gitDir, 'ran'))).toBe(false);
  rmSync(join(server.repository.gitDir, 'hooks'), { recursive: true });
});

test('a hook that names a quarantine of its own choosing', async () => {
  const hook = join(server.folder, 'hooks/pre-receive');
  const own = readFileSync(hook);
  const elsewhere = join(server.folder, 'source/.git/objects');
  writeFileSync(hook, own.toString().replace('"$GIT_OBJECT_DIRECTORY"', `"${elsewhere}"`), { mode: 0o700 });
  server.judge = async () => ({ ok: true });
  await commit(work, { 'src/cart/q.ts': '1\n' });
  await refused('HEAD', 'git.protocol', 'a quarantine elsewhere');
  server.judge = undefined;
  writeFileSync(hook, own, { mode: 0o700 });
});

test('what is legitimate passes: non-ASCII inside the scope, a file of one’s own deleted, an executable', async () => {
  await commit(work, { 'src/cart/café ü.ts': '1\n', 'src/cart/gone.ts': '1\n' });
  rmSync(join(work, 'src/cart/gone.ts'));
  await commit(work, { 'src/cart/run.sh': '#!/bin/sh\n' });
  chmodSync(join(work, 'src/cart/run.sh'), 0o755);
  await commit(work, {});
  await accepted('HEAD');
  expect((await entriesOf(work, 'HEAD:src/cart')).length).toBe(3);
});

test('10,000 files inside the scope pass', async () => {
  const blob = await forgeBlob(work, 'x\n');
  const many = Array.from({ length: 10_000 }, (_, i) => ({
    mode: '100644',
    name: `f${String(i).padStart(5, '0')}`,
    oid: blob,
  }));
  await accepted(await forgeInCart(work, main, many));
});

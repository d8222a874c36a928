import { type ChildProcess, spawn } from 'node:child_process';
import {
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readBelow } from '../../src/runner/live-folder.ts';
import { replaceSecret } from '../../src/runner/prepare/plain-file.ts';
import { handOver, makeRunFolder, type RunFolder, runFolderOf } from '../../src/runner/prepare/run-folder.ts';
import { WorkFingerprint } from '../../src/runner/supervise/fingerprint.ts';
import { type OwnUser, takeUser } from '../../src/sandbox/own-user.ts';
import { removeTree } from '../../src/sandbox/remove-tree.ts';
import { openFolder, removeFolders } from '../support/containment.ts';
import { waitUntil } from '../support/wait.ts';

const isRoot = process.getuid?.() === 0;
if (!isRoot) console.log('left out: races against the runner as another user, which takes root to set up');

/** Swaps a folder and a link to `target` as fast as it can, and plants names beside the token, as the user of the run. */
const attack = `
const { renameSync, symlinkSync, mkdirSync, rmSync, writeFileSync } = require('fs');
const [target, tree, outer] = process.argv.slice(1);
const quietly = (work) => { try { work(); } catch {} };
symlinkSync(target, tree + '/link');
mkdirSync(tree + '/sub/deep', { recursive: true });
// Names of what lies at the target, among many others: whoever lists one folder and removes by name is led to the other.
for (let n = 0; n < 400; n++) writeFileSync(tree + '/sub/f' + n, '');
for (const name of ['a', 'b', 'deep/c']) writeFileSync(tree + '/sub/' + name, '');
writeFileSync(tree + '/ready', '');
for (;;) {
  quietly(() => symlinkSync(target, tree + '/link'));
  quietly(() => renameSync(tree + '/sub', tree + '/aside'));
  quietly(() => renameSync(tree + '/link', tree + '/sub'));
  quietly(() => renameSync(tree + '/sub', tree + '/link'));
  quietly(() => renameSync(tree + '/aside', tree + '/sub'));
  for (const name of ['token', 'token.new', 'inbox.jsonl', 'out', 'home', 'tree', 'bin']) {
    quietly(() => renameSync(outer + '/' + name, outer + '/moved'));
    quietly(() => symlinkSync(target, outer + '/' + name));
    quietly(() => rmSync(outer + '/' + name, { recursive: true }));
  }
}`;

describe.runIf(isRoot)('a folder that its run changes while the runner works in it', () => {
  let user: OwnUser;
  let place: RunFolder;
  let treasure: string;
  let attacker: ChildProcess;

  const begin = async (): Promise<void> => {
    user = await takeUser();
    place = runFolderOf(openFolder('andon-live-'), 'run_1');
    await makeRunFolder(place, ['/bin/true'], user);
    mkdirSync(place.tree);
    writeFileSync(place.taskFile, '{}');
    await handOver(place, user, [place.taskFile, place.inboxFile]);
    treasure = mkdtempSync(join(tmpdir(), 'andon-treasure-'));
    mkdirSync(join(treasure, 'deep'));
    for (const name of ['a', 'b', 'deep/c']) writeFileSync(join(treasure, name), 'of somebody else');
    attacker = spawn(process.execPath, ['-e', attack, treasure, place.tree, place.folder], {
      ...user,
      cwd: '/',
      stdio: 'ignore',
    });
    await waitUntil(() => existsSync(join(place.tree, 'ready')));
  };
  const end = async (): Promise<void> => {
    attacker.kill('SIGKILL');
    await waitUntil(() => attacker.signalCode !== null);
  };
  beforeEach(begin);
  afterEach(async () => {
    await end();
    rmSync(treasure, { recursive: true, force: true });
    removeFolders();
  });

  const isWhole = (): void => {
    expect(readdirSync(treasure).sort()).toEqual(['a', 'b', 'deep']);
    expect(readdirSync(join(treasure, 'deep'))).toEqual(['c']);
    expect(statSync(join(treasure, 'a')).uid).toBe(0);
    expect(readFileSync(join(treasure, 'a'), 'utf8')).toBe('of somebody else');
  };

  it('never leads the renewal of a secret anywhere else', async () => {
    for (let n = 0; n < 300; n++) await replaceSecret(place.tokenFile, `token ${n}`, user);
    expect(readFileSync(place.tokenFile, 'utf8')).toBe('token 299');
    const { mode, uid, gid } = statSync(place.tokenFile);
    expect({ mode: mode & 0o777, uid, gid }).toEqual({ mode: 0o640, uid: 0, gid: user.gid });
    isWhole();
  });

  it('never leads a look at its work out of it', async () => {
    const alone = new WorkFingerprint(join(treasure, '..', 'nothing'));
    await alone.read();
    for (let n = 0; n < 100; n++) {
      await new WorkFingerprint(place.tree).read();
      for (const path of ['sub/a', 'sub/deep/c'])
        expect((await readBelow(place.tree, path, 100))?.toString() ?? '').toBe('');
    }
  });

  it('never leads the removal anywhere else, although the run still goes on', async () => {
    for (let n = 0; n < 15; n++) {
      await removeTree(place.folder);
      isWhole();
      await end();
      expect(await removeTree(place.folder)).toBe(true);
      isWhole();
      rmSync(treasure, { recursive: true });
      await begin();
    }
  });
});

describe('a file below a folder that may change', () => {
  afterEach(removeFolders);

  it('is read by names alone, never through a link', async () => {
    const root = openFolder('andon-live-');
    mkdirSync(join(root, 'a'));
    writeFileSync(join(root, 'a', 'f'), 'text');
    symlinkSync('a', join(root, 'l'));
    if (isRoot) chownSync(join(root, 'a'), 0, 0);
    expect((await readBelow(root, 'a/f', 10))?.toString()).toBe('text');
    for (const path of ['l/f', 'a/../a/f', 'a//f', 'a', 'none', 'a/f/g'])
      expect(await readBelow(root, path, 10).catch(() => undefined)).toBeUndefined();
  });
});

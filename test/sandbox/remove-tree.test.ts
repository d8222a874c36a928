import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { takeUser } from '../../src/sandbox/own-user.ts';
import { leftName, removeTree } from '../../src/sandbox/remove-tree.ts';
import { gateOf, leavesOut, modesHere, openFolder, removeFolders } from '../support/containment.ts';

afterEach(removeFolders);

const isRoot = process.getuid?.() === 0;
const mayMount = isRoot && isMountable();
leavesOut(isRoot ? 'root' : 'user', mayMount ? [] : ['a folder with something mounted in it']);

function isMountable(): boolean {
  try {
    execFileSync('unshare', ['-m', 'true'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

describe('the folder of a gate or run', () => {
  it.each(modesHere())('goes whatever its code left in it, as $mode', async ({ change }) => {
    const folder = openFolder();
    // Folders like those of Go's module cache: some that nobody may write to, and one that nobody may read.
    const leave =
      'mkdir -p a/b/c "$HOME/go/pkg/mod/x"; touch a/b/c/f "$HOME/go/pkg/mod/x/y"; chmod -R a-w a "$HOME/go"; mkdir z; touch z/f; chmod 0 z; ln -s / root; ln -s nowhere "$TMPDIR/l"; mkfifo p; chmod 0 "$HOME"';
    expect(await gateOf(leave, { ...change, folder })).toMatchObject({ passed: true });
    expect(await removeTree(folder)).toBe(true);
    expect(existsSync(folder)).toBe(false);
  });

  it.runIf(isRoot)('goes below a folder that its user may not enter', async () => {
    const outer = openFolder();
    const folder = join(outer, 'run');
    mkdirSync(join(folder, 'tree', 'deep'), { recursive: true });
    const { uid, gid } = await takeUser();
    for (const name of ['tree', 'tree/deep']) chownSync(join(folder, name), uid, gid);
    chmodSync(outer, 0o700);
    expect(await removeTree(folder)).toBe(true);
    expect(existsSync(folder)).toBe(false);
  });

  it('takes nothing with it that links in it name', async () => {
    const outside = openFolder('andon-outside-');
    writeFileSync(join(outside, 'mine'), '');
    const folder = openFolder();
    mkdirSync(join(folder, 'tree'));
    symlinkSync(outside, join(folder, 'tree', 'link'));
    symlinkSync(outside, join(folder, 'home'));
    expect(await removeTree(folder)).toBe(true);
    expect(readdirSync(outside)).toEqual(['mine']);
  });

  it('that is no folder, or not there, is no fault', async () => {
    const folder = openFolder();
    expect(await removeTree(join(folder, 'none'))).toBe(true);
    symlinkSync('/', join(folder, 'link'));
    expect(await removeTree(join(folder, 'link'))).toBe(false);
    expect(existsSync(join(folder, 'link'))).toBe(true);
  });

  it.runIf(isRoot)('is emptied as its user, to whom nothing else of the machine gives way', async () => {
    const folder = openFolder();
    const user = await takeUser();
    for (const name of ['tree', 'tree/root']) mkdirSync(join(folder, name));
    writeFileSync(join(folder, 'tree', 'root', 'file'), '');
    chownSync(join(folder, 'tree'), user.uid, user.gid);
    expect(await removeTree(folder)).toBe(false);
    expect(existsSync(join(folder, 'tree', 'root', 'file'))).toBe(true);
    chownSync(join(folder, 'tree', 'root'), user.uid, user.gid);
    expect(await removeTree(folder)).toBe(true);
  });

  it.runIf(mayMount)('that is held by a mount is left and marked, and goes once it is free', async () => {
    const folder = openFolder();
    const held = join(folder, 'tree', 'held');
    mkdirSync(held, { recursive: true });
    execFileSync('mount', ['-t', 'tmpfs', 'none', held]);
    try {
      expect(await removeTree(folder)).toBe(false);
      expect(existsSync(join(folder, leftName))).toBe(true);
    } finally {
      execFileSync('umount', [held]);
    }
    expect(await removeTree(folder)).toBe(true);
    expect(existsSync(folder)).toBe(false);
  });

  it.runIf(!isRoot)('that was made read-only itself goes, too', async () => {
    const folder = openFolder();
    mkdirSync(join(folder, 'tree'));
    chmodSync(join(folder, 'tree'), 0o500);
    chmodSync(folder, 0o500);
    expect(await removeTree(folder)).toBe(true);
  });
});

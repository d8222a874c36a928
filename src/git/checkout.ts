import { lstat, mkdir, readlink, rm, writeFile } from 'node:fs/promises';
import { dirname, isAbsolute, join, relative, resolve } from 'node:path';
import { fail } from '../lib/errors.ts';
import type { Oid } from '../policies/facts.ts';
import type { GitRunner } from './runner.ts';
import { temporaryFolder } from './temporary.ts';

/** The commit to write out, and the folder for its files. */
export interface CheckoutOptions {
  readonly runner: GitRunner;
  readonly gitDir: string;
  /** A commit or a tree. */
  readonly commit: Oid;
  /** The folder must be empty or missing, and no other process may write to it meanwhile. */
  readonly folder: string;
  readonly timeoutMs?: number;
}

// Attributes of the highest precedence (gitattributes): bytes are written as they are, against any attribute
// of the tree.
const noAttributes = '* -text !eol -ident -filter -working-tree-encoding\n';

/**
 * Writes the files of a commit into a folder, byte by byte: no filter, hook, end-of-line or keyword
 * conversion runs, even if tree or repository ask for one. The folder has no .git. A symbolic link that leads
 * out of the folder is written as a plain file with its target as content; submodules are empty folders.
 */
export async function checkoutTree(options: CheckoutOptions): Promise<void> {
  const { runner, gitDir, commit, folder, timeoutMs = 120_000 } = options;
  const aside = temporaryFolder('checkout');
  try {
    // A separate git folder keeps settings, hooks, attributes and index of the repository out.
    await Promise.all([
      mkdir(join(aside, 'refs')),
      mkdir(join(aside, 'info')),
      mkdir(folder, { recursive: true }),
    ]);
    await writeFile(join(aside, 'HEAD'), 'ref: refs/heads/none\n');
    await writeFile(join(aside, 'info', 'attributes'), noAttributes);
    const env = { GIT_WORK_TREE: folder, GIT_OBJECT_DIRECTORY: join(gitDir, 'objects') };
    const config = { 'core.symlinks': 'true', 'core.autocrlf': 'false', 'core.sparseCheckout': 'false' };
    const call = { gitDir: aside, cwd: folder, env, config, timeoutMs };
    await runner.must(['read-tree', '-u', '--reset', `${commit}^{tree}`], call);
    const staged = await runner.must(['ls-files', '--stage', '-z'], {
      ...call,
      outputBytesMax: 256 * 1024 * 1024,
    });
    await tameLinks(folder, staged);
  } finally {
    await rm(aside, { recursive: true, force: true });
  }
}

async function tameLinks(folder: string, staged: Buffer): Promise<void> {
  for (let at = 0; at < staged.length; ) {
    const end = staged.indexOf(0, at);
    const row = staged.subarray(at, end < 0 ? staged.length : end);
    at = end < 0 ? staged.length : end + 1;
    if (row.toString('latin1', 0, 6) === '120000') await tame(folder, row.subarray(row.indexOf(9) + 1));
  }
}

/**
 * Turns a link that leads out of the folder into a file. Links that lead to links are fine: each of them is
 * judged by itself.
 */
async function tame(folder: string, name: Buffer): Promise<void> {
  const path = Buffer.concat([Buffer.from(`${folder}/`), name]);
  const info = await lstat(path);
  if (!info.isSymbolicLink())
    throw fail('git.failed', name.toString('utf8'), { found: 'a link that was not written' });
  const target = await readlink(path);
  const place = resolve(folder, dirname(name.toString('utf8')), target);
  const inside = relative(folder, place);
  if (!isAbsolute(target) && inside !== '..' && !inside.startsWith('../')) return;
  await rm(path);
  await writeFile(path, target, { flag: 'wx' });
}

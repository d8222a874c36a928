import { createHash } from 'node:crypto';
import {
  chmodSync,
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { fail } from '../../lib/errors.ts';
import { openFrom } from '../../sandbox/reach.ts';
import { type Containment, userOf } from '../../sandbox/sandbox.ts';
import { packageOf, packagesOf } from './program-packages.ts';

/** The program `andon` for runs. */
export interface ProgramPlace {
  /** The command that starts `andon`: node, its options, the file. */
  readonly launch: readonly string[];
  /** Folders that runs need to read for that command. */
  readonly visible: readonly string[];
}

/**
 * The program `andon` at a place that the users of runs can read: its own place, or a copy in `folder` when
 * it was installed for its owner only (below a private folder, or under a tight umask). Errors:
 * `sandbox.folder` when it cannot be copied.
 */
export function reachableProgram(
  place: ProgramPlace,
  folder: string,
  containment: Containment,
): ProgramPlace {
  const [node, ...rest] = place.launch;
  const main = rest.at(-1);
  if (main === undefined || node === undefined || userOf(containment) === undefined) return place;
  const closed = closedFiles(node, main, containment.kind === 'bubblewrap' ? place.visible : undefined);
  return closed.length === 0 ? place : movedProgram(place.launch, folder, closed);
}

function movedProgram(
  [node = '', ...rest]: readonly string[],
  folder: string,
  closed: string[],
): ProgramPlace {
  const main = rest.at(-1) ?? '';
  refuseSource(main, closed);
  const isNodeClosed = closed.includes(node);
  if (!isCopied(main, folder)) copyProgram(main, isNodeClosed ? node : undefined, folder);
  const ownMain = join(folder, 'dist', 'cli', 'main.js');
  const ownNode = isNodeClosed ? join(folder, 'node') : node;
  return { launch: [ownNode, ...rest.slice(0, -1), ownMain], visible: [folder] };
}

/** A text that identifies the copied files: a copy takes seconds, and most starts find a current one. */
function stampOf(main: string): string {
  const files = [process.execPath, realpathSync(main), join(packageOf(main), 'package.json')];
  const dist = readdirSync(join(packageOf(main), 'dist'), { recursive: true, encoding: 'utf8' }).sort();
  const all = [...files, ...dist.map((name) => join(packageOf(main), 'dist', name))];
  const hash = createHash('sha256');
  for (const file of all) hash.update(`${file} ${statSync(file).mtimeMs} ${statSync(file).size}\n`);
  return hash.digest('hex');
}

const stampFile = (folder: string): string => join(folder, 'stamp');

function isCopied(main: string, folder: string): boolean {
  try {
    return readFileSync(stampFile(folder), 'utf8') === stampOf(main);
  } catch {
    return false;
  }
}

function copyProgram(main: string, node: string | undefined, folder: string): void {
  // The copy appears whole or not at all: two runners may share the place.
  const aside = `${folder}.${process.pid}`;
  mkdirSync(aside, { recursive: true });
  copyPackages(main, aside);
  if (node !== undefined) copyFileSync(node, join(aside, 'node'));
  writeFileSync(stampFile(aside), stampOf(main));
  openAll(aside);
  if (!isCopied(main, folder)) {
    rmSync(folder, { recursive: true, force: true });
    renameSync(aside, folder);
  }
  rmSync(aside, { recursive: true, force: true });
}

/**
 * The files of the program that a separate user cannot read. `bound` are the folders that bubblewrap shows to
 * that user at any place.
 */
function closedFiles(node: string, main: string, bound: readonly string[] | undefined): string[] {
  // A bound folder that is private itself is private in bubblewrap, too.
  const roots = bound === undefined ? [] : [join(node, '../..'), ...bound];
  return [node, ...filesOf(main)].filter((file) => !openFrom(file, roots));
}

function refuseSource(main: string, [closed = main]: readonly string[]): void {
  if (main.endsWith('.js')) return;
  const next = 'build Andon, and start dist/cli/main.js';
  throw fail('sandbox.folder', closed, { found: 'for its owner only', next });
}

const filesOf = (main: string): string[] => [
  main,
  ...[...packagesOf(packageOf(main)).keys()].map((folder) => join(folder, 'package.json')),
];

/** Copies the package of the program and its dependencies: the files that run, without types, maps or texts. */
function copyPackages(main: string, folder: string): void {
  const root = packageOf(main);
  for (const [from, below] of packagesOf(root)) {
    const isOwn = (one: string): boolean => one !== join(from, 'node_modules') && !notRun.test(one);
    if (from !== root) cpSync(from, join(folder, below), { ...copying, filter: isOwn });
  }
  copyFileSync(join(root, 'package.json'), join(folder, 'package.json'));
  for (const name of ['dist', 'templates', 'plugin', 'examples'].filter((one) => existsSync(join(root, one))))
    cpSync(join(root, name), join(folder, name), copying);
}

const copying = { recursive: true, dereference: true } as const;
const notRun = /\.(?:[cm]?ts|map|md|flow|txt)$/;

/** Lets everybody read the content of a folder that belongs to this process. */
function openAll(folder: string): void {
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' });
  for (const path of [folder, ...names.map((name) => join(folder, name))]) {
    const stat = statSync(path);
    const wanted = stat.mode | (stat.isDirectory() || (stat.mode & 0o100) !== 0 ? 0o055 : 0o044);
    if (wanted !== stat.mode) chmodSync(path, wanted & 0o777);
  }
}

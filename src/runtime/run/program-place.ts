import {
  chmodSync,
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  rmSync,
  statSync,
} from 'node:fs';
import { join } from 'node:path';
import { fail } from '../../lib/errors.ts';
import { openFrom } from '../reach.ts';
import { type Containment, userOf } from '../sandbox.ts';
import { packageOf, packagesOf } from './program-packages.ts';

export interface ProgramPlace {
  /** How `andon` is started: node, its options, the file. */
  readonly launch: readonly string[];
  /** Folders that runs need to read for that. */
  readonly visible: readonly string[];
}

/**
 * The program `andon` where the users of runs get at it: where it is, or a copy in `folder` when it was installed for its
 * owner only (below a private folder, or under a tight umask). Errors: `sandbox.folder` where it cannot be copied.
 */
export function reachableProgram(
  place: ProgramPlace,
  folder: string,
  containment: Containment,
): ProgramPlace {
  rmSync(folder, { recursive: true, force: true });
  const [node, ...rest] = place.launch;
  const main = rest.at(-1);
  if (userOf(containment) === undefined || main === undefined || node === undefined) return place;
  // bubblewrap binds what lies below a private folder; what is private itself is private in it, too.
  const roots = containment.kind === 'bubblewrap' ? [join(node, '../..'), ...place.visible] : [];
  const closed = [node, ...filesOf(main)].filter((file) => !openFrom(file, roots));
  if (closed.length === 0) return place;
  refuseSource(main, closed);
  mkdirSync(folder, { recursive: true });
  const ownMain = copyPackages(main, folder);
  const ownNode = closed.includes(node) ? copied(node, join(folder, 'node')) : node;
  openAll(folder);
  return { launch: [ownNode, ...rest.slice(0, -1), ownMain], visible: [folder] };
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

/** Copies the package of the program and what it depends on; answers the program's file there. */
function copyPackages(main: string, folder: string): string {
  const root = packageOf(main);
  for (const [from, below] of packagesOf(root)) {
    const to = join(folder, below);
    if (from !== root) cpSync(from, to, { ...copying, filter: (one) => one !== join(from, 'node_modules') });
  }
  copyFileSync(join(root, 'package.json'), join(folder, 'package.json'));
  for (const name of ['dist', 'templates', 'plugin'].filter((one) => existsSync(join(root, one))))
    cpSync(join(root, name), join(folder, name), copying);
  return join(folder, 'dist', 'cli', 'main.js');
}

const copying = { recursive: true, dereference: true } as const;

function copied(from: string, to: string): string {
  copyFileSync(from, to);
  chmodSync(to, 0o755);
  return to;
}

/** Lets everybody read what lies in a folder of this process's own. */
function openAll(folder: string): void {
  const mode = statSync(folder).mode & 0o777;
  chmodSync(folder, mode | 0o055);
  for (const entry of readdirSync(folder, { withFileTypes: true, recursive: true }))
    if (!entry.isSymbolicLink()) {
      const path = join(entry.parentPath, entry.name);
      chmodSync(path, (statSync(path).mode & 0o777) | (entry.isDirectory() ? 0o055 : 0o044));
    }
}

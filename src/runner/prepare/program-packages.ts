import { readFileSync, realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';

interface PackageManifest {
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
}

/** The folder of the package that holds the program: `<folder>/dist/cli/main.js`. */
export const packageOf = (main: string): string => dirname(dirname(dirname(realpathSync(main))));

/**
 * The folders of a package and of all its dependencies, as Node would find them, each with its place below a
 * copy of the package. Packages that are not installed are left out: some are optional.
 */
export function packagesOf(root: string): ReadonlyMap<string, string> {
  const found = new Map([[root, '']]);
  for (const [folder] of found)
    for (const name of dependenciesOf(folder)) {
      const one = locate(name, folder);
      if (one !== undefined && !found.has(one.folder))
        found.set(one.folder, join(found.get(one.holder) ?? '', 'node_modules', name));
    }
  return found;
}

function dependenciesOf(folder: string): string[] {
  const { dependencies, optionalDependencies, peerDependencies } = readManifest(folder) ?? {};
  const all = { ...dependencies, ...optionalDependencies, ...peerDependencies };
  // `typescript` is left out: packages name the compiler for its types alone.
  return Object.keys(all).filter((name) => name !== 'typescript');
}

function readManifest(folder: string): PackageManifest | undefined {
  try {
    return JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as PackageManifest;
  } catch {
    return undefined;
  }
}

/** A dependency as Node finds it from a folder, and the folder whose `node_modules` holds the dependency. */
function locate(name: string, from: string): { folder: string; holder: string } | undefined {
  for (let holder = from; ; holder = dirname(holder)) {
    const folder = join(holder, 'node_modules', name);
    if (readManifest(folder) !== undefined) return { folder, holder };
    if (holder === dirname(holder)) return undefined;
  }
}

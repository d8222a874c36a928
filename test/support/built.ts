import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  copyFileSync,
  cpSync,
  readdirSync,
  readFileSync,
  realpathSync,
  statSync,
  symlinkSync,
} from 'node:fs';
import { dirname, join, relative, resolve, sep } from 'node:path';
import type { Plugin } from 'vitest/config';
import { kept } from './kept.ts';
import { copyMigrations } from './migration-files.ts';
import { addPackedCluster } from './packed-cluster.ts';

const root = resolve(import.meta.dirname, '../..');
const sources = join(root, 'src') + sep;

/**
 * The folder of the compiled sources, compiled once per state of the sources: `<folder>/dist`, module by
 * module, and in `<folder>/program` the package as it is shipped, bundled.
 */
export function builtFolder(): string {
  const { folder, isThere, aside, keep } = kept('andon-built-', stateOfSources());
  if (isThere) return folder;
  const place = aside();
  const tsc = join(root, 'node_modules/typescript/bin/tsc');
  // `npm run check` verifies the types; here that would take ten times as long as the rest.
  const fast = ['--noCheck', '--declaration', 'false', '--inlineSourceMap'];
  const args = ['-p', 'tsconfig.build.json', '--outDir', join(place, 'dist'), ...fast];
  execFileSync(process.execPath, [tsc, ...args], { cwd: root });
  copyMigrations(join(root, 'src'), join(place, 'dist/store/migrations'));
  const program = join(place, 'program');
  const bundler = join(root, 'scripts/bundle.mjs');
  execFileSync(process.execPath, [bundler, join(root, 'src'), join(program, 'dist')]);
  for (const one of [place, program]) {
    addPackageFiles(one);
    addPackedCluster(join(one, 'dist'), join(place, 'dist/store/pglite/make-cluster.js'));
  }
  keep(place);
  return folder;
}

/** Puts what the package has beside its code into a folder. */
function addPackageFiles(place: string): void {
  copyFileSync(join(root, 'package.json'), join(place, 'package.json'));
  // Read by agents in a sandbox, which shows them this folder and not where a link leads.
  cpSync(join(root, 'examples'), join(place, 'examples'), { recursive: true });
  for (const name of ['node_modules', 'plugin', 'templates'])
    symlinkSync(realpathSync(join(root, name)), join(place, name));
}

/** Times and sizes of the sources, and the options of their compilation. */
function stateOfSources(): string {
  const hash = createHash('sha256')
    .update(root)
    .update(readFileSync(import.meta.filename))
    .update(readFileSync(join(root, 'scripts/bundle.mjs')))
    .update(readFileSync(join(root, 'scripts/no-form.mjs')));
  for (const from of [sources, join(root, 'examples')])
    for (const name of readdirSync(from, { recursive: true, encoding: 'utf8' }).sort()) {
      const { mtimeMs, size } = statSync(join(from, name));
      hash.update(`${name} ${mtimeMs} ${size}\n`);
    }
  return hash.digest('hex').slice(0, 16);
}

/**
 * Lets tests import the sources in their shipped form: modules named by `../src/….ts` are loaded compiled, by
 * Node itself. Loading is most of the time of a small test file, and from the sources a gateway's helpers
 * would each start a compiler.
 */
export function compiledSources(): Plugin {
  const dist = join(builtFolder(), 'dist');
  return {
    name: 'andon:compiled-sources',
    enforce: 'pre',
    resolveId(source, importer) {
      if (importer === undefined || !source.startsWith('.')) return undefined;
      const file = resolve(dirname(importer), source);
      if (!file.startsWith(sources) || !file.endsWith('.ts')) return undefined;
      return { id: join(dist, relative(sources, file).replace(/ts$/, 'js')), external: true };
    },
  };
}

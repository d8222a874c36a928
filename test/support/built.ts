import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative, resolve, sep } from 'node:path';
import type { Plugin } from 'vitest/config';

const root = resolve(import.meta.dirname, '../..');
const sources = join(root, 'src') + sep;

/** What the compiled sources lie in: `<folder>/dist`, beside all that the package has. Compiled once per state of them. */
export function builtFolder(): string {
  const folder = join(tmpdir(), `andon-built-${stateOfSources()}`);
  if (existsSync(folder)) return folder;
  const aside = mkdtempSync(join(tmpdir(), 'andon-build-'));
  // Agents of tests run as another user.
  chmodSync(aside, 0o755);
  const tsc = join(root, 'node_modules/typescript/bin/tsc');
  // Types are checked by `npm run check`; here they would take ten times as long as the rest.
  const fast = ['--noCheck', '--declaration', 'false', '--inlineSourceMap'];
  const args = ['-p', 'tsconfig.build.json', '--outDir', join(aside, 'dist'), ...fast];
  execFileSync(process.execPath, [tsc, ...args], { cwd: root });
  copyFileSync(join(root, 'package.json'), join(aside, 'package.json'));
  for (const name of ['node_modules', 'plugin', 'templates'])
    symlinkSync(join(root, name), join(aside, name));
  try {
    renameSync(aside, folder);
  } catch {
    // Another process was faster.
    rmSync(aside, { recursive: true, force: true });
  }
  return folder;
}

function stateOfSources(): string {
  const hash = createHash('sha256').update(root);
  for (const name of readdirSync(sources, { recursive: true, encoding: 'utf8' }).sort()) {
    const { mtimeMs, size } = statSync(join(sources, name));
    hash.update(`${name} ${mtimeMs} ${size}\n`);
  }
  return hash.digest('hex').slice(0, 16);
}

/**
 * Lets tests import the sources as they are shipped: what they name by `../src/….ts` is loaded compiled, by Node itself.
 * Loading is most of what a small test file does, and from the sources a gateway's helpers would each start a compiler.
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

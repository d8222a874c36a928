import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const exec = promisify(execFile);

/** Folder in which the programs of this tier are kept between runs; never the repository's own node_modules. */
const folder = process.env.ANDON_AGENTS_DIR ?? join(tmpdir(), 'andon-agents');

/** An installed program, or the reason why it could not be installed. */
export type Installed =
  | { readonly kind: 'installed'; readonly at: string }
  | { readonly kind: 'missing'; readonly why: string };

/**
 * Installs packages, pinned, into a folder with a HOME of its own. When the registry cannot be reached the
 * tests are left out, and the terminal says so in a line that cannot be overlooked.
 */
export async function install(name: string, ...packages: readonly string[]): Promise<Installed> {
  const at = join(folder, name);
  const done = join(at, `.installed ${packages.join(' ').replaceAll('/', '+')}`);
  if (existsSync(done)) return { kind: 'installed', at };
  mkdirSync(at, { recursive: true });
  writeFileSync(join(at, 'package.json'), '{ "private": true }\n');
  try {
    const args = ['install', '--no-audit', '--no-fund', '--save-exact', ...packages];
    await exec('npm', args, { cwd: at, timeout: 240_000, maxBuffer: 16 * 1024 * 1024 });
    writeFileSync(done, '');
    return { kind: 'installed', at };
  } catch (error) {
    const why = `SKIPPED: ${packages.join(', ')} could not be installed: ${String(error).split('\n')[0]}`;
    console.error(`\n${'*'.repeat(80)}\n${why}\n${'*'.repeat(80)}\n`);
    return { kind: 'missing', why };
  }
}

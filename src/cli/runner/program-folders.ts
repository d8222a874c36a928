import { existsSync, realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** The folders that a run must be able to read to start `andon`: the package and its dependencies, at any place. */
export function programFolders(launch: readonly string[]): string[] {
  const file = realpathSync(launch.at(-1) ?? '.');
  const at = file.lastIndexOf('/node_modules/');
  if (at >= 0) return [file.slice(0, at + '/node_modules'.length)];
  // In a checkout the file is dist/cli/main.js, or the source.
  const folder = dirname(dirname(dirname(file)));
  const modules = join(folder, 'node_modules');
  return existsSync(modules) ? [...new Set([folder, realpathSync(modules)])] : [folder];
}

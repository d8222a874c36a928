import { existsSync } from 'node:fs';
import { resolve } from 'node:path';

/**
 * Resolves a remote as a person names it: a folder is relative to the person's place, and the gateway runs
 * elsewhere.
 */
export function remoteAt(cwd: string, url: string): string {
  const folder = resolve(cwd, url);
  return existsSync(folder) ? folder : url;
}

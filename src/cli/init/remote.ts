import { existsSync } from 'node:fs';
import { resolve } from 'node:path';

/** A remote as a person names it: a folder is meant from where they stand, and the gateway runs elsewhere. */
export function remoteAt(cwd: string, url: string): string {
  const folder = resolve(cwd, url);
  return existsSync(folder) ? folder : url;
}

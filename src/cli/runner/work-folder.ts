import { createHash } from 'node:crypto';
import { lstatSync, mkdirSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fail } from '../../lib/errors.ts';
import type { Containment } from '../../runtime/sandbox.ts';

/**
 * Where runs live: the folder that was asked for, or, where each run is a user of its own who could not get there, one
 * of that name's own in the temporary folder. Errors: `cli.usage` when that one belongs to somebody else.
 */
export function workFolder(wanted: string, containment: Containment['kind']): string {
  if (containment !== 'other-user' || isReachable(dirname(wanted))) return wanted;
  const name = createHash('sha256').update(wanted).digest('hex').slice(0, 16);
  const folder = join(tmpdir(), `andon-runner-${name}`);
  mkdirSync(folder, { recursive: true, mode: 0o711 });
  const found = lstatSync(folder);
  if (found.isDirectory() && found.uid === process.getuid?.()) return folder;
  throw fail('cli.usage', folder, { found: 'a folder of somebody else', next: 'name another with --folder' });
}

/** True when every folder that is there on the way may be entered by everybody. */
function isReachable(folder: string): boolean {
  for (let path = resolve(folder); path !== dirname(path); path = dirname(path)) {
    const stat = statSync(path, { throwIfNoEntry: false });
    if (stat !== undefined && (stat.mode & 0o001) === 0) return false;
  }
  return true;
}

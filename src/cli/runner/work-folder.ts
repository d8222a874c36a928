import { createHash } from 'node:crypto';
import { chmodSync, lstatSync, mkdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fail } from '../../lib/errors.ts';
import { gateBases, refuseClosed } from '../../sandbox/gate-room.ts';
import { closedOnTheWay } from '../../sandbox/reach.ts';
import type { Containment } from '../../sandbox/sandbox.ts';

/**
 * The folder of runs: the requested one, or, when each run has a separate user that could not enter it, a
 * folder of a fixed name that every user can enter. Errors: `cli.usage` when that folder belongs to another
 * user, `sandbox.folder` when there is no such place.
 */
export function workFolder(wanted: string, containment: Containment['kind']): string {
  mkdirSync(wanted, { recursive: true, mode: 0o711 });
  if (containment !== 'other-user' || isOpen(wanted)) return wanted;
  const base = gateBases().find((one) => isOpen(join(one, 'x')));
  if (base === undefined) refuseClosed(join(tmpdir(), 'x'));
  const name = createHash('sha256').update(wanted).digest('hex').slice(0, 16);
  const folder = join(base ?? tmpdir(), `andon-runner-${name}`);
  mkdirSync(folder, { recursive: true });
  const found = lstatSync(folder);
  if (!found.isDirectory() || found.uid !== process.getuid?.())
    throw fail('cli.usage', folder, {
      found: 'a folder of somebody else',
      next: 'name another with --folder',
    });
  chmodSync(folder, 0o711);
  return folder;
}

/** True when every user may enter the folders inside a folder; the runner itself opens the folder. */
const isOpen = (folder: string): boolean => closedOnTheWay(folder) === undefined;

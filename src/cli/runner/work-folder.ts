import { createHash } from 'node:crypto';
import { chmodSync, lstatSync, mkdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fail } from '../../lib/errors.ts';
import { gateBases, refuseClosed } from '../../sandbox/gate-room.ts';
import { closedOnTheWay } from '../../sandbox/reach.ts';
import type { Containment } from '../../sandbox/sandbox.ts';

/**
 * Where runs live: the folder that was asked for, or, where each run is a user of its own who could not get there, one
 * of that name's own where everybody gets. Errors: `cli.usage` when that one belongs to somebody else, `sandbox.folder`
 * when there is no such place.
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

/** True when everybody may enter a folder's own folders; the folder itself is the runner's to open. */
const isOpen = (folder: string): boolean => closedOnTheWay(folder) === undefined;

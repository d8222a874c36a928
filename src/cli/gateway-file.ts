import { mkdir, readFile, rm } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { fail } from '../lib/errors.ts';
import { replaceFile } from '../store/replace-file.ts';
import type { World } from './world.ts';

/**
 * The address of a running gateway, which `andon up` prints when it is ready and leaves for other commands.
 * Holds no secret.
 */
export interface GatewayFile {
  readonly url: string;
  readonly tokenFile: string;
  readonly project: string;
  readonly git: string;
  /** Fingerprint of the key that the gateway proves itself with; absent from files of earlier versions. */
  readonly key?: string;
}

export const dataFolderName = '.andon';
const fileName = 'gateway.json';
const seal = 'gateway.json';

/**
 * The gateway of the nearest `.andon` at or above `cwd`, or undefined. The file in the repository counts only
 * when the user's own state folder holds the same: a stranger's repository could bring a file that sends
 * tokens away.
 */
export async function findGateway(
  world: Pick<World, 'cwd' | 'env' | 'root'>,
): Promise<GatewayFile | undefined> {
  for (let folder = resolve(world.cwd); ; folder = dirname(folder)) {
    const found = await readGateway(join(folder, dataFolderName), world);
    if (found !== undefined) return found;
    if (folder === dirname(folder)) return undefined;
  }
}

/** The gateway that was started on a data folder. Errors: `gateway.unreachable` for a file that `andon up` did not write. */
export async function readGateway(
  dataFolder: string,
  { env, root }: Pick<World, 'env' | 'root'>,
): Promise<GatewayFile | undefined> {
  const path = join(dataFolder, fileName);
  const text = await readFile(path, 'utf8').catch(() => undefined);
  if (text === undefined) return undefined;
  const sealed = await readFile(join(root.stateFolderOf(dataFolder, env), seal), 'utf8').catch(() => '');
  if (sealed !== text) {
    throw fail('gateway.unreachable', path, {
      found: 'a file that andon up did not write for you',
      next: 'run andon up there, or set ANDON_URL and ANDON_TOKEN_FILE',
    });
  }
  // The copy in the user's own state folder vouches for the text: andon up wrote it, whole.
  return JSON.parse(text) as GatewayFile;
}

/** Writes the file, and a copy into the state folder, which vouches for it. */
export async function writeGateway(
  dataFolder: string,
  stateFolder: string,
  file: GatewayFile,
): Promise<void> {
  const text = `${JSON.stringify(file)}\n`;
  await writeWhole(join(stateFolder, seal), text, 0o600);
  await writeWhole(join(dataFolder, fileName), text, 0o644);
}

/** Removes both files when the gateway ends, as long as they are still its own. */
export async function removeGateway(
  dataFolder: string,
  stateFolder: string,
  file: GatewayFile,
): Promise<void> {
  const path = join(dataFolder, fileName);
  if ((await readFile(path, 'utf8').catch(() => '')) !== `${JSON.stringify(file)}\n`) return;
  await rm(path, { force: true });
  await rm(join(stateFolder, seal), { force: true });
}

/** Makes the parent folder of a file. */
export async function makeFolder(path: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
}

/** Writes a file whole or not at all, and makes its folder if that is missing. */
export async function writeWhole(path: string, text: string, mode: number): Promise<void> {
  await makeFolder(path);
  await replaceFile(path, text, { mode });
}

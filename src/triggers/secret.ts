import { randomBytes } from 'node:crypto';
import { link, mkdir, readFile, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/**
 * The secret that webhooks are signed with, made at the first start, in the state folder. Gateways that share
 * a database need the same secret: copy the file.
 */
export async function webhookSecret(stateFolder: string): Promise<string> {
  const file = join(stateFolder, 'webhook-secret');
  const known = await read(file);
  if (known !== undefined) return known;
  await mkdir(stateFolder, { recursive: true, mode: 0o700 });
  const aside = `${file}.${process.pid}.${randomBytes(4).toString('hex')}`;
  await writeFile(aside, `${randomBytes(32).toString('hex')}\n`, { mode: 0o600 });
  // A link is made whole or not at all, and never over another: of several gateways that start at once, one
  // makes the file for all.
  await link(aside, file).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EEXIST') throw error;
  });
  await unlink(aside);
  return (await read(file)) ?? '';
}

async function read(file: string): Promise<string | undefined> {
  try {
    return (await readFile(file, 'utf8')).trim();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

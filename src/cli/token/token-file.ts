import { lstat } from 'node:fs/promises';
import { withFileLock } from '../../gateway/auth/file-lock.ts';
import { fail } from '../../lib/errors.ts';
import { makeFolder, writeWhole } from '../gateway-file.ts';
import { writeKey } from '../pin.ts';

/**
 * Writes a token whole or not at all, readable by its owner only, and beside it the key of its gateway, if
 * that is known. Errors: `cli.usage` for a path at which something else lies.
 */
export async function writeToken(path: string, token: string, gatewayKey: string | undefined): Promise<void> {
  await makeFolder(path);
  await withFileLock(path, async () => {
    await refuseOther(path);
    if (gatewayKey !== undefined) await writeKey(path, gatewayKey);
    await replaceToken(path, token);
  });
}

/**
 * Puts the next token into a file: `next` reads the present one and asks the gateway, while no other process
 * does so for this file. Writes nothing when `next` answers undefined.
 */
export async function renewFile(path: string, next: () => Promise<string | undefined>): Promise<void> {
  await withFileLock(path, async () => {
    const token = await next();
    if (token !== undefined) await replaceToken(path, token);
  });
}

async function replaceToken(path: string, token: string): Promise<void> {
  await refuseOther(path);
  await writeWhole(path, `${token}\n`, 0o600);
}

async function refuseOther(path: string): Promise<void> {
  const found = await lstat(path).catch(() => undefined);
  if (found !== undefined && !found.isFile())
    throw fail('cli.usage', path, { found: 'no regular file', next: 'name another file' });
}

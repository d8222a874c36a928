import { lstat } from 'node:fs/promises';
import { fail } from '../../lib/errors.ts';
import { replaceFile } from '../gateway-file.ts';

/** Writes a token whole or not at all, readable by its owner only. Errors: `cli.usage` where something else is. */
export async function writeToken(path: string, token: string): Promise<void> {
  const found = await lstat(path).catch(() => undefined);
  if (found !== undefined && !found.isFile())
    throw fail('cli.usage', path, { found: 'no regular file', next: 'name another file' });
  await replaceFile(path, `${token}\n`, 0o600);
}

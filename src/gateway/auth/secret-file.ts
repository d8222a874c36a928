import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { replaceFile } from '../../store/replace-file.ts';
import { withFileLock } from './file-lock.ts';

/** Writes a secret whole or not at all, readable by its owner only, in a folder that only its owner may enter. */
export async function writeSecret(file: string, secret: string): Promise<void> {
  await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  await withFileLock(file, () => replaceFile(file, `${secret}\n`, { mode: 0o600 }));
}

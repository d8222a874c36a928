import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { writeSecret } from '../gateway/auth/owner.ts';

/**
 * The secret that webhooks are signed with, made at the first start, in the state folder. Gateways that share a database
 * need the same: copy the file.
 */
export async function webhookSecret(stateFolder: string): Promise<string> {
  const file = join(stateFolder, 'webhook-secret');
  const known = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return '';
    throw error;
  });
  if (known.trim() !== '') return known.trim();
  const secret = randomBytes(32).toString('hex');
  await writeSecret(file, secret);
  return secret;
}

import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { createSecureContext } from 'node:tls';
import { fail } from '../../lib/errors.ts';
import type { UpOptions } from './options.ts';

/** Certificate and key of `--tls-cert` and `--tls-key`; undefined without both. Errors: `cli.usage`. */
export async function readTls(
  { tlsCert, tlsKey }: Pick<UpOptions, 'tlsCert' | 'tlsKey'>,
  cwd: string,
): Promise<{ cert: string; key: string } | undefined> {
  if (tlsCert === undefined && tlsKey === undefined) return undefined;
  if (tlsCert === undefined || tlsKey === undefined)
    throw fail('cli.usage', '--tls-cert and --tls-key', { found: 'one of the two', limit: 'both' });
  const [cert, key] = await Promise.all([readPem(resolve(cwd, tlsCert)), readPem(resolve(cwd, tlsKey))]);
  return soundPair(cert, key);
}

/** Certificate and key, verified before anything is started on them. Errors: `cli.usage` when they are no pair. */
function soundPair(cert: string, key: string): { cert: string; key: string } {
  try {
    createSecureContext({ cert, key });
    return { cert, key };
  } catch (error) {
    const { message } = error as Error;
    throw fail(
      'cli.usage',
      '--tls-cert and --tls-key',
      { found: message, limit: 'a certificate and its private key, in PEM' },
      error,
    );
  }
}

async function readPem(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    const { code = 'unreadable' } = error as NodeJS.ErrnoException;
    throw fail('cli.usage', path, { found: code, next: 'name a PEM file' }, error);
  }
}

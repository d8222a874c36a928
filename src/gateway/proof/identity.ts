import { createPrivateKey } from 'node:crypto';
import { join } from 'node:path';
import { z } from 'zod';
import { fail } from '../../lib/errors.ts';
import { createFile } from '../../store/replace-file.ts';
import { generateKey, readPrivate } from '../auth/key-file.ts';
import { writeSecret } from '../auth/secret-file.ts';
import { createProver, type Prover } from './proof.ts';

const part = z.string().regex(/^[A-Za-z0-9_-]{43}$/);
const jwkSchema = z.looseObject({ kty: z.literal('OKP'), crv: z.literal('Ed25519'), x: part, d: part });

/**
 * The key that a gateway proves itself with: separate from the keys that sign tokens, and the same after a
 * restart. Gateways that share the folder share the key; of two that make it at once, one wins. Its
 * fingerprint is written beside the owner's token, so that a client which reads the token from its file sends
 * it to this gateway alone. Errors: `key.exposed`, `key.broken`.
 */
export async function openIdentity(keysFolder: string, ownerFile: string): Promise<Prover> {
  const path = join(keysFolder, 'identity.json');
  const jwk = (await readJwk(path)) ?? (await makeJwk(path));
  const { kty, crv, x, d } = jwk;
  const prover = createProver(createPrivateKey({ key: { kty, crv, x, d }, format: 'jwk' }));
  await writeSecret(`${ownerFile}.gateway`, prover.fingerprint);
  return prover;
}

async function makeJwk(path: string): Promise<z.infer<typeof jwkSchema>> {
  await createFile(path, `${JSON.stringify(await generateKey())}\n`, { mode: 0o600 });
  const made = await readJwk(path);
  if (made === undefined) throw fail('key.broken', path, { found: 'removed while it was made' });
  return made;
}

async function readJwk(path: string): Promise<z.infer<typeof jwkSchema> | undefined> {
  const text = await readPrivate(path);
  return text === undefined ? undefined : parsed(path, text);
}

function parsed(path: string, text: string): z.infer<typeof jwkSchema> {
  try {
    return jwkSchema.parse(JSON.parse(text));
  } catch (error) {
    throw fail('key.broken', path, { found: 'no private Ed25519 key' }, error);
  }
}

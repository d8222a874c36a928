import { createPublicKey, type KeyObject } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { z } from 'zod';
import { verifyCheckpoint } from '../../gateway/auth/token-service.ts';
import { fail } from '../../lib/errors.ts';
import { jsonOf } from '../../lib/json.ts';
import { type ChainFault, genesisHash, verifyChain } from '../../store/log/chain.ts';
import { type Checkpoint, checkpointFault } from '../../store/log/verify-log.ts';
import { linesOf } from '../lines.ts';

/** The result of verifying an exported log. */
export interface FileVerification {
  readonly events: number;
  readonly position: number;
  readonly hash: string;
  readonly checkpoints: number;
  /** True when signatures were verified too. */
  readonly signatures: boolean;
  readonly fault: ChainFault | null;
}

const checkpointSchema = z.object({
  kind: z.literal('checkpoint'),
  position: z.number(),
  hash: z.string(),
  kid: z.string(),
  signature: z.string(),
});
const eventSchema = z.object({ kind: z.literal('event'), position: z.number(), hash: z.string() }).loose();
const lineSchema = z.union([eventSchema, checkpointSchema]);

/**
 * Verifies an exported log with nothing but the file and, when given, public keys: the chain from its start,
 * then each checkpoint. Errors: `cli.usage` for a file that cannot be read or is no export.
 */
export async function verifyFile(
  cwd: string,
  file: string,
  jwks: string | undefined,
): Promise<FileVerification> {
  const keys = jwks === undefined ? undefined : await readKeys(resolve(cwd, jwks));
  const path = resolve(cwd, file);
  const seen = new Map<number, string>();
  const signed: Checkpoint[] = [];
  let end = { position: 0, hash: genesisHash };
  for await (const line of exportedLines(path)) {
    if (line.kind === 'checkpoint') {
      signed.push(line);
      continue;
    }
    const { kind: _kind, ...event } = line;
    const result = verifyChain([event], end);
    if (result.fault !== undefined) return audit(end, seen.size, signed, keys, result.fault);
    end = result.end;
    seen.set(end.position, end.hash);
  }
  return audit(end, seen.size, signed, keys, await signedFault(seen, signed, keys));
}

const audit = (
  end: { position: number; hash: string },
  events: number,
  signed: readonly Checkpoint[],
  keys: Keys | undefined,
  fault: ChainFault | null,
): FileVerification => ({
  events,
  ...end,
  checkpoints: signed.length,
  signatures: keys !== undefined,
  fault,
});

/** The first checkpoint that the chain or the keys do not confirm. */
async function signedFault(
  seen: ReadonlyMap<number, string>,
  signed: readonly Checkpoint[],
  keys: Keys | undefined,
): Promise<ChainFault | null> {
  const verified = async (one: Checkpoint): Promise<boolean> =>
    keys === undefined || verifyCheckpoint(one, (kid) => keys.get(kid));
  for (const one of signed) {
    const { position } = one;
    const hash = seen.get(position);
    if (hash === undefined)
      return { position, found: 'the end of the log', expected: `events up to ${position}` };
    const fault = await checkpointFault([{ position, hash }], new Map([[position, one]]), verified);
    if (fault !== null) return fault;
  }
  return null;
}

async function* exportedLines(path: string): AsyncGenerator<z.infer<typeof lineSchema>> {
  let number = 0;
  try {
    for await (const line of linesOf(path)) {
      number += 1;
      if (line.trim() !== '') yield parseLine(line, `${path}:${number}`);
    }
  } catch (error) {
    throw asUsage(error, path);
  }
}

function parseLine(line: string, place: string): z.infer<typeof lineSchema> {
  const parsed = lineSchema.safeParse(jsonOf(line));
  if (parsed.success) return parsed.data;
  throw fail('audit.broken', place, { found: 'no event and no checkpoint', next: 'export the log again' });
}

type Keys = ReadonlyMap<string, KeyObject>;

const jwksSchema = z.object({
  keys: z.array(
    z.object({ kid: z.string(), kty: z.literal('OKP'), crv: z.literal('Ed25519'), x: z.string() }),
  ),
});

async function readKeys(path: string): Promise<Keys> {
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    throw asUsage(error, path);
  });
  const parsed = jwksSchema.safeParse(jsonOf(text));
  if (!parsed.success) throw fail('cli.usage', path, { found: 'no JWKS', next: 'andon token keys --json' });
  return new Map(parsed.data.keys.map((jwk) => [jwk.kid, createPublicKey({ key: jwk, format: 'jwk' })]));
}

function asUsage(error: unknown, path: string): unknown {
  const code = (error as NodeJS.ErrnoException).code;
  if (code === undefined || !/^E[A-Z]+$/.test(code)) return error;
  return fail('cli.usage', path, { found: code, next: 'name a file that andon event export wrote' }, error);
}

import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { fingerprintPattern } from '../gateway/proof/proof.ts';
import type { Pin } from '../gateway/proof/proving-agent.ts';
import { fail } from '../lib/errors.ts';
import { type GatewayFile, writeWhole } from './gateway-file.ts';
import type { World } from './world.ts';

/** The file for the key of a token file's gateway: beside it, so that the token file holds the bare token. */
const keyFileOf = (tokenFile: string): string => `${tokenFile}.gateway`;

/** Stores the key of a gateway beside the file of a token, for its owner alone. */
export const writeKey = (tokenFile: string, key: string): Promise<void> =>
  writeWhole(keyFileOf(tokenFile), `${key}\n`, 0o600);

/** The gateway whose key is wanted, and the files that may hold the key. */
export interface PinOf {
  readonly url: string;
  /** The gateway file of the folder, when the URL is that gateway's. */
  readonly file: GatewayFile | undefined;
  readonly tokenFile: string | undefined;
  /** True when an option or the environment named the URL. */
  readonly isNamed: boolean;
}

/** A pin that also tells the key, once a connection has shown or confirmed it. */
export interface KnownPin extends Pin {
  key(): Promise<string | undefined>;
}

/**
 * The key that a gateway has to prove: that of ANDON_GATEWAY_KEY for a named URL, of the gateway file, of the
 * file beside the token, or of the gateways that this user has trusted before. An unknown key is trusted
 * once, with a message, and stored. Errors: `gateway.unproved` when the key cannot be stored, or when the
 * gateway file is of a version without keys.
 */
export function pinOf(of: PinOf, world: Pick<World, 'env' | 'stderr'>): KnownPin {
  const store = of.tokenFile === undefined ? knownStore(of.url, world.env) : besideStore(of.tokenFile);
  let known: Promise<string | undefined> | undefined;
  return {
    key: () => {
      known ??= fixedKey(of, world) ?? store.read();
      return known;
    },
    learned: async (key) => {
      await store.write(key).catch((error: unknown) => {
        const next = `set ANDON_GATEWAY_KEY=${key} if that is the key of your gateway; andon up prints it`;
        throw fail(
          'gateway.unproved',
          of.url,
          { found: `${key}, which cannot be kept in ${store.path}`, next },
          error,
        );
      });
      known = Promise.resolve(key);
      world.stderr.write(
        `andon: ${of.url} shows the key ${key}: trusted from now on, kept in ${store.path}; compare it with what andon up prints\n`,
      );
    },
  };
}

function fixedKey({ isNamed, file, url }: PinOf, { env }: Pick<World, 'env'>): Promise<string> | undefined {
  if (isNamed && env.ANDON_GATEWAY_KEY)
    return Promise.resolve(sound(env.ANDON_GATEWAY_KEY.trim(), 'ANDON_GATEWAY_KEY'));
  if (file === undefined) return undefined;
  if (file.key !== undefined) return Promise.resolve(file.key);
  return Promise.reject(
    fail('gateway.unproved', url, {
      found: 'a gateway file of a version without keys',
      next: 'end that gateway, and start it again with this version: andon up',
    }),
  );
}

function sound(key: string, where: string): string {
  if (fingerprintPattern.test(key)) return key;
  throw fail('gateway.unproved', where, { found: key.slice(0, 100), limit: 'SHA256: and 43 characters' });
}

interface KeyStore {
  readonly path: string;
  read(): Promise<string | undefined>;
  write(key: string): Promise<void>;
}

function besideStore(tokenFile: string): KeyStore {
  const path = keyFileOf(tokenFile);
  return {
    path,
    read: async () => {
      const text = await readIfThere(path);
      return text === undefined ? undefined : sound(text.trim(), path);
    },
    write: (key) => writeKey(tokenFile, key),
  };
}

/** Store of keys for tokens without a file: one line a gateway, URL and key. */
function knownStore(url: string, env: World['env']): KeyStore {
  const state = env.XDG_STATE_HOME || join(env.HOME || homedir(), '.local', 'state');
  const path = join(state, 'andon', 'known-gateways');
  const lines = async (): Promise<string[]> =>
    ((await readIfThere(path)) ?? '').split('\n').filter((one) => one !== '');
  return {
    path,
    read: async () => {
      const line = (await lines()).find((one) => one.startsWith(`${url} `));
      return line === undefined ? undefined : sound(line.slice(url.length + 1), path);
    },
    write: async (key) => writeWhole(path, `${[...(await lines()), `${url} ${key}`].join('\n')}\n`, 0o600),
  };
}

/** The text of a file; undefined only when there is none: an unreadable file must not make a key count as unknown. */
async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw error;
  }
}

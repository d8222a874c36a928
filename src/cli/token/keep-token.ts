import type { GatewayLink } from '../connect.ts';
import { asAndonError } from '../refusal.ts';
import type { World } from '../world.ts';
import { renewFile } from './token-file.ts';

interface Times {
  readonly jti: string;
  readonly iat: number;
  readonly exp: number;
}

/** The start and end that a token states; only the gateway verifies them. Undefined for a text that is no token. */
export function timesOf(token: string): Times | undefined {
  try {
    const payload = Buffer.from(token.split('.')[1] ?? '', 'base64url').toString('utf8');
    const { jti, iat, exp } = JSON.parse(payload) as Partial<Times>;
    return jti === undefined || iat === undefined || exp === undefined ? undefined : { jti, iat, exp };
  } catch {
    return undefined;
  }
}

/** Milliseconds until two thirds of a token's life are over; never negative, at most a day. */
export const renewInMs = ({ iat, exp }: Times, nowMs: number): number =>
  Math.min(86_400_000, Math.max(0, (iat + ((exp - iat) * 2) / 3) * 1000 - nowMs));

const retryMs = 10_000;
const pauseMsMin = 200;

/**
 * Renews the token of a file before it ends, again and again, and writes the new token over it. Two keepers
 * of one file do no harm: the request id is that of the token, so the second gets the answer of the first,
 * not the mark of a thief.
 */
class TokenKeeper {
  readonly #link: GatewayLink;
  readonly #file: string;
  readonly #world: Pick<World, 'stderr'>;
  #timer: NodeJS.Timeout | undefined;
  #closed = false;
  /** The last trouble, which is told once. */
  #told = '';

  constructor(link: GatewayLink, file: string, world: Pick<World, 'stderr'>) {
    this.#link = link;
    this.#file = file;
    this.#world = world;
  }

  async start(): Promise<void> {
    const times = timesOf(await this.#link.token());
    if (times !== undefined) this.#plan(renewInMs(times, Date.now()));
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
  }

  #plan(ms: number): void {
    if (this.#closed) return;
    this.#timer = setTimeout(() => void this.#renew(), Math.max(pauseMsMin, ms));
    this.#timer.unref();
  }

  async #renew(): Promise<void> {
    try {
      await renewOnce(this.#link, this.#file, Date.now());
      await this.start();
    } catch (error) {
      const { message, status } = asAndonError(error);
      if (message !== this.#told)
        this.#world.stderr.write(`andon: the token could not be renewed: ${message}\n`);
      this.#told = message;
      // A gateway that is away may come back, and a file that is written may be free; a grant that has ended is over.
      if (status !== 401) this.#plan(retryMs);
    }
  }
}

/**
 * Carries out work that may outlast a token: the token of the link's file is renewed in that file meanwhile. A token that
 * is in no file stays as it is.
 */
export async function whileKept<T>(
  link: GatewayLink,
  world: Pick<World, 'stderr'>,
  work: () => Promise<T>,
): Promise<T> {
  const keeper = link.tokenFile === undefined ? undefined : new TokenKeeper(link, link.tokenFile, world);
  await keeper?.start();
  try {
    return await work();
  } finally {
    keeper?.close();
  }
}

/** Renews the token of a file once, unless another process has renewed it since it was last read. */
export async function renewOnce(
  { url, token, project, fetch }: Pick<GatewayLink, 'url' | 'token' | 'project' | 'fetch'>,
  file: string,
  nowMs: number,
): Promise<void> {
  await renewFile(file, async () => {
    const held = await token();
    const times = timesOf(held);
    if (times === undefined || renewInMs(times, nowMs) > 0) return undefined;
    const { createClient } = await import('../../client.ts');
    const client = createClient({ url, fetch, token: () => held, requestId: `renew-${times.jti}` });
    return (await client.token.renew.mutate({ project })).token;
  });
}

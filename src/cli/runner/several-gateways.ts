import type { Client } from '../../client.ts';
import type { AgentFetch } from '../../gateway/proof/agent-fetch.ts';
import { AndonError, fail } from '../../lib/errors.ts';
import { connect, type GatewayLink, type LinkOptions } from '../connect.ts';
import type { World } from '../world.ts';

/** A link to whichever gateway of a database answers. */
export interface SeveralLink extends GatewayLink {
  /** Goes on to the next gateway after a connection of other code to the present one has failed. */
  missed(error: unknown): void;
}

/** Faults of connections over which no request has gone out yet: the same request may go to another gateway. */
const unreached = new Set([
  'ECONNREFUSED',
  'ECONNABORTED',
  'EAI_AGAIN',
  'EHOSTDOWN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'ETIMEDOUT',
]);

function isUnreached(error: unknown): boolean {
  if (error instanceof AndonError) return error.code === 'gateway.unproved';
  return unreached.has((error as NodeJS.ErrnoException | null)?.code ?? '');
}

/** The addresses of the options, else those of ANDON_URL with white space between them. */
function urlsOf(options: { readonly url?: string | readonly string[] }, { env }: World): readonly string[] {
  const named = [options.url ?? []].flat();
  return named.length > 0 ? named : (env.ANDON_URL ?? '').split(/\s+/).filter((url) => url !== '');
}

/**
 * Connects to the gateways of one database: calls go to the first one that is reached, and to the next one when it is not
 * any more. A call that may have arrived is not repeated. Each address proves its key as if it stood alone.
 */
export async function connectSeveral(
  options: Omit<LinkOptions, 'url'> & { readonly url?: string | readonly string[] },
  world: World,
): Promise<SeveralLink> {
  const { url: _several, ...rest } = options;
  const urls = urlsOf(options, world);
  const links = await Promise.all(
    (urls.length === 0 ? [undefined] : urls).map((url) =>
      connect(url === undefined ? rest : { ...rest, url }, world),
    ),
  );
  const [first] = links;
  if (first === undefined) throw fail('gateway.unreachable', world.cwd, { found: 'no address' });
  return severalLink(first, links);
}

async function severalLink(first: GatewayLink, links: readonly GatewayLink[]): Promise<SeveralLink> {
  let at = 0;
  const present = (): GatewayLink => links[at % links.length] ?? first;
  const fetch = overAll(links, {
    begin: () => at,
    reached: (place) => {
      at = place;
    },
  });
  const { createClient } = await import('../../client.ts');
  const client: Client = createClient({ url: first.url, token: first.token, fetch });
  return {
    client,
    fetch,
    token: first.token,
    tokenFile: first.tokenFile,
    projectIfAny: first.projectIfAny,
    get project() {
      return first.project;
    },
    get url() {
      return present().url;
    },
    get agent() {
      return present().agent;
    },
    gatewayKey: () => present().gatewayKey(),
    missed: (error) => {
      if (isUnreached(error)) at = (at + 1) % links.length;
    },
  };
}

/** `fetch` that asks the gateways in turn, from the one that answered last, until one is reached. */
function overAll(
  links: readonly GatewayLink[],
  turn: { readonly begin: () => number; readonly reached: (place: number) => void },
): AgentFetch {
  return async (input, init) => {
    const asked = String(input);
    const base = links.find(({ url }) => asked.startsWith(`${url}/`))?.url ?? '';
    const path = asked.slice(base.length);
    const begin = turn.begin();
    let fault: unknown;
    for (let n = 0; n < links.length; n++) {
      const place = (begin + n) % links.length;
      const link = links[place];
      if (link === undefined) continue;
      try {
        const answer = await link.fetch(`${link.url}${path}`, init);
        turn.reached(place);
        return answer;
      } catch (error) {
        fault = error;
        if (!isUnreached(error)) break;
      }
    }
    throw fault;
  };
}

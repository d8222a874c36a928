import { createTRPCClient, httpLink, httpSubscriptionLink, splitLink } from '@trpc/client';
import { EventSource } from 'eventsource';
import type { AgentFetch } from './gateway/proof/agent-fetch.ts';
import type { AppRouter } from './gateway/router.ts';
import { defined } from './lib/defined.ts';

/** Address, token and transport of a client. */
export interface ClientOptions {
  readonly url: string;
  /** Called for every request, so that a renewed token is used at once. */
  readonly token: () => string | Promise<string>;
  /** A retry with the same id gets the stored answer. */
  readonly requestId?: string;
  /**
   * Replaces the global fetch; that of `createAgentFetch` over `createProvingAgent` sends the token to the
   * gateway alone, even when another process listens at its address.
   */
  readonly fetch?: AgentFetch;
}

/** A typed client of the gateway's procedures. */
export type Client = ReturnType<typeof createClient>;

/**
 * Creates the official tRPC client for a gateway. The token travels in a header, never in a URL,
 * subscriptions included.
 */
export function createClient({ url, token, requestId, fetch = globalThis.fetch }: ClientOptions) {
  const endpoint = `${url}/trpc`;
  const headers = async (): Promise<Record<string, string>> => ({
    authorization: `Bearer ${await token()}`,
    ...defined({ 'x-request-id': requestId }),
  });
  return createTRPCClient<AppRouter>({
    links: [
      splitLink({
        condition: (operation) => operation.type === 'subscription',
        true: httpSubscriptionLink({
          url: endpoint,
          EventSource,
          eventSourceOptions: async () => {
            const sent = await headers();
            return {
              fetch: (input, init) => fetch(input, { ...init, headers: { ...init.headers, ...sent } }),
            };
          },
        }),
        false: httpLink({
          url: endpoint,
          headers,
          fetch: (input, init) => fetch(input, init as RequestInit),
        }),
      }),
    ],
  });
}

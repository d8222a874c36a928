import type { GatewayLink } from '../../src/cli/connect.ts';
import { createClient } from '../../src/client.ts';
import { createAgentFetch } from '../../src/gateway/proof/agent-fetch.ts';
import { createProvingAgent } from '../../src/gateway/proof/proving-agent.ts';

/** A gateway as commands see it, with a token of no file; the key that the gateway shows first is trusted. */
export function linkTo(url: string, token: string, project: string): GatewayLink {
  let known: string | undefined;
  const agent = createProvingAgent(url, {
    key: async () => known,
    learned: async (key) => {
      known = key;
    },
  });
  const fetch = createAgentFetch(agent);
  return {
    url,
    client: createClient({ url, fetch, token: () => token }),
    project,
    projectIfAny: project,
    token: async () => token,
    tokenFile: undefined,
    fetch,
    agent,
    gatewayKey: async () => known,
  };
}

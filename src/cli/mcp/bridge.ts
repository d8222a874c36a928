import type { JSONRPCMessage } from '@modelcontextprotocol/sdk/types.js';
import { asResponse } from '../../gateway/proof/agent-fetch.ts';
import type { GatewayLink } from '../connect.ts';
import type { World } from '../world.ts';

type BridgeLink = Pick<GatewayLink, 'url' | 'token' | 'fetch'>;

/**
 * Speaks MCP on standard input and output, and forwards every message to `/mcp` of the gateway with the token
 * of that moment. For clients that start their servers, and for sessions that outlive a token. Ends when the
 * input does.
 */
export async function bridge(
  { url, token, fetch }: BridgeLink,
  tools: 'core' | 'all',
  world: Pick<World, 'stderr'>,
): Promise<void> {
  const { StdioServerTransport } = await import('@modelcontextprotocol/sdk/server/stdio.js');
  const { StreamableHTTPClientTransport } = await import(
    '@modelcontextprotocol/sdk/client/streamableHttp.js'
  );
  const near = new StdioServerTransport();
  const far = new StreamableHTTPClientTransport(new URL(`${url}/mcp?tools=${tools}`), {
    fetch: async (input, init) => {
      const headers = new Headers(init?.headers);
      headers.set('authorization', `Bearer ${await token()}`);
      // The agent's folder, for the permission prompt: the agent's program started this process there.
      headers.set('x-andon-clone', Buffer.from(process.cwd(), 'utf8').toString('latin1'));
      return asResponse(await fetch(input, { ...init, headers }));
    },
  });
  far.onmessage = (message) => {
    const version = negotiated(message);
    if (version !== undefined) far.setProtocolVersion(version);
    void near.send(message);
  };
  near.onmessage = (message) => {
    far.send(message).catch((error: unknown) => {
      const words = error instanceof Error ? error.message : String(error);
      const answer = failure(message, words);
      if (answer === undefined) world.stderr.write(`andon mcp: ${words}\n`);
      else void near.send(answer);
    });
  };
  const ended = new Promise<void>((resolve) => {
    process.stdin.once('end', resolve);
    process.stdin.once('close', resolve);
  });
  await far.start();
  await near.start();
  await ended;
  await Promise.all([near.close(), far.close()]);
}

/** The protocol version in the answer to `initialize`; every later request has to name it. */
function negotiated(message: JSONRPCMessage): string | undefined {
  if (!('result' in message)) return undefined;
  const { protocolVersion } = message.result as { protocolVersion?: unknown };
  return typeof protocolVersion === 'string' ? protocolVersion : undefined;
}

const internalError = -32603;

/** The answer to a request that did not reach the gateway; without it the client would wait for ever. */
function failure(message: JSONRPCMessage, words: string): JSONRPCMessage | undefined {
  if (!('method' in message && 'id' in message)) return undefined;
  return { jsonrpc: '2.0', id: message.id, error: { code: internalError, message: words } };
}

import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js';
import type { CallToolResult } from '@modelcontextprotocol/sdk/types.js';
import type { Reason } from '../../src/lib/decision.ts';

/** The official client on a gateway's `/mcp`, with a token. */
export interface McpHand {
  readonly client: Client;
  /** Calls a tool. */
  call(name: string, given?: Record<string, unknown>): Promise<CallToolResult>;
  /** Calls a tool that must answer; its structured content. */
  // biome-ignore lint/suspicious/noExplicitAny: every tool answers members of its own
  must(name: string, given?: Record<string, unknown>): Promise<any>;
  /** The reasons that a tool is refused with; none when it is not. */
  reasons(name: string, given?: Record<string, unknown>): Promise<readonly Reason[]>;
  close(): Promise<void>;
}

export async function connectMcp(
  url: string,
  token: string,
  headers: Readonly<Record<string, string>> = {},
  query = '',
): Promise<McpHand> {
  const client = new Client({ name: 'test', version: '1' });
  const transport = new StreamableHTTPClientTransport(new URL(`${url}/mcp${query}`), {
    requestInit: { headers: { authorization: `Bearer ${token}`, ...headers } },
  });
  await client.connect(transport as Transport);
  const call: McpHand['call'] = async (name, given = {}) =>
    (await client.callTool({ name, arguments: given })) as CallToolResult;
  return {
    client,
    call,
    must: async (name, given) => {
      const result = await call(name, given);
      if (result.isError === true) throw new Error(`${name}: ${JSON.stringify(result.content)}`);
      return result.structuredContent;
    },
    reasons: async (name, given) => {
      const { structuredContent } = await call(name, given);
      const error = (structuredContent as { error?: { reasons?: readonly Reason[] } } | undefined)?.error;
      return error?.reasons ?? [];
    },
    close: () => client.close(),
  };
}

/** The text of a result. */
export const textOf = ({ content }: CallToolResult): string =>
  content.map((part) => (part.type === 'text' ? part.text : '')).join('');

/** Posts a JSON-RPC message, or any body, unchanged. */
export function postMcp(
  url: string,
  body: unknown,
  headers: Readonly<Record<string, string>> = {},
): Promise<Response> {
  return fetch(`${url}/mcp`, {
    method: 'POST',
    headers: {
      accept: 'application/json, text/event-stream',
      'content-type': 'application/json',
      ...headers,
    },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });
}

/** The body of an answer, as JSON-RPC has it. */
export async function jsonOf(
  response: Response | Promise<Response>,
): Promise<{ result?: unknown; error?: { code: number; message: string; data?: unknown } }> {
  return (await (await response).json()) as { result?: unknown };
}

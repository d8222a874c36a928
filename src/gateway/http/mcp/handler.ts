import type { IncomingMessage, ServerResponse } from 'node:http';
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js';
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js';
import { type AnyRouter, TRPCError } from '@trpc/server';
import { AndonError, fail } from '../../../lib/errors.ts';
import { limits } from '../../../lib/limits.ts';
import { callOf } from '../../admission/admission.ts';
import { asAndonError } from '../../admission/errors.ts';
import { directProcedures } from '../../admission/procedure.ts';
import type { Gateway } from '../../services.ts';
import { readBody } from '../body.ts';
import { parseJson } from '../json.ts';
import type { ToolChoice } from './core-tools.ts';
import { endedReasons, recordTries } from './ended.ts';
import { refuseRpc, refuseToken } from './refuse.ts';
import { createMcpServer, type McpCall } from './server.ts';
import { toolsOf } from './tools.ts';
import { workingCopyOf } from './working-copy.ts';

type McpHandler = (req: IncomingMessage, res: ServerResponse, search?: string) => Promise<void>;

/**
 * `/mcp`: streamable HTTP of the Model Context Protocol without sessions. Every POST carries its token and is
 * answered by a server object of its own, so no client can hold memory, a revocation ends a session between
 * two calls, and any gateway of a database answers any request. There is no stream to listen on: GET and
 * DELETE are refused, as the protocol allows.
 */
export function createMcpHandler(gateway: Gateway, router: AnyRouter): McpHandler {
  const tools = toolsOf(router);
  const briefing = directProcedures(router).get('briefing.show');
  if (briefing === undefined) throw new Error('the router has lost briefing.show');
  return async (req, res, search = '') => {
    try {
      const token = await gateway.tokens.identify(req.headers.authorization);
      if (req.method !== 'POST')
        throw fail('request.method', req.method ?? '', { limit: 'POST', next: 'send messages by POST' });
      const body = bounded(parseJson(await readBody(req, limits.bodyBytesMax)));
      const call = callOf(token, { requestId: requestIdOf(req), batch: Array.isArray(body) });
      const client = { workingCopy: workingCopyOf(req), choice: choiceOf(search), changed: tellChanges(res) };
      const context = { gateway, tools, briefing, call, ...client };
      const ended = endedReasons(gateway, call);
      if (ended === undefined) await answer(context, req, res, body);
      else {
        await recordTries(context, body);
        refuseToken(res, new AndonError(ended));
      }
    } catch (error) {
      refuse(gateway, res, error);
    }
  };
}

/**
 * Lists in the header `andon-changed` the procedures that changed state, with commas between them: the path
 * of a request is always the same here, and a runner counts progress by the calls that it forwards. An answer
 * as a stream of events has sent its headers by then and lists none.
 */
function tellChanges(res: ServerResponse): (path: string) => void {
  const paths: string[] = [];
  return (path) => {
    paths.push(path);
    if (!res.headersSent) res.setHeader('andon-changed', paths.join(','));
  };
}

/** Bounds a batch as tRPC's are bounded. */
function bounded(body: unknown): unknown {
  if (Array.isArray(body) && body.length > limits.batchCallsMax)
    throw fail('request.batch', 'batch', { found: body.length, limit: limits.batchCallsMax });
  return body ?? null;
}

async function answer(
  context: McpCall,
  req: IncomingMessage,
  res: ServerResponse,
  body: unknown,
): Promise<void> {
  const server = createMcpServer(context);
  const transport = new StreamableHTTPServerTransport({
    enableJsonResponse: prefersJson(req.headers.accept),
  });
  res.once('close', () => void server.close());
  // The SDK is compiled without exactOptionalPropertyTypes, so its class does not fit its own interface here.
  await server.connect(transport as Transport);
  await transport.handleRequest(req, res, body);
}

/** True when JSON comes first: clients must accept both forms, and get the one that they name first. */
const prefersJson = (accept = ''): boolean => {
  const stream = accept.indexOf('text/event-stream');
  const json = accept.indexOf('application/json');
  return stream === -1 || (json !== -1 && json < stream);
};

/** The tools that a client lists: `/mcp` the core of its tier, `/mcp?tools=all` every tool of its grant. */
function choiceOf(search: string): ToolChoice {
  const given = new URLSearchParams(search).get('tools') ?? 'core';
  if (given === 'core' || given === 'all') return given;
  throw fail('request.invalid', 'tools', { found: given.slice(0, 100), limit: 'core or all' });
}

const requestIdPattern = /^[A-Za-z0-9._:-]{1,128}$/;

function requestIdOf({ headers }: IncomingMessage): string | undefined {
  const named = headers['x-request-id'];
  return typeof named === 'string' && requestIdPattern.test(named) ? named : undefined;
}

function refuse(gateway: Gateway, res: ServerResponse, error: unknown): void {
  const known = error instanceof TRPCError ? asAndonError(error) : error;
  if (!(known instanceof AndonError)) throw error;
  if (known.status === 401) {
    gateway.metrics.refusedToken(known.code);
    refuseToken(res, known);
  } else refuseRpc(res, known);
}

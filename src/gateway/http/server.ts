import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { nodeHTTPRequestHandler } from '@trpc/server/adapters/node-http';
import type { Logger } from 'pino';
import { AndonError, fail } from '../../lib/errors.ts';
import { limits } from '../../lib/limits.ts';
import { callOf } from '../admission/admission.ts';
import { feedSilentMsMax } from '../admission/admit-query.ts';
import type { CallContext } from '../admission/procedure.ts';
import { createProofEndpoint } from '../proof/endpoint.ts';
import { type Prover, proofPath } from '../proof/proof.ts';
import type { AppRouter } from '../router.ts';
import type { Gateway } from '../services.ts';
import { type Caps, capConnections, Streams } from './caps.ts';
import { hostReason } from './guard.ts';
import { metricsRefusal } from './metrics-access.ts';
import { createPageHttp, type PageHttp } from './page.ts';
import { answerHome, answerPageFile } from './page-answers.ts';
import { refuse, text } from './plain.ts';
import { createSingleHandler, type SingleHandler } from './trpc-fast.ts';

/** The gateway, its router, names and limits. */
export interface ServerOptions {
  readonly gateway: Gateway;
  readonly router: AppRouter;
  readonly git: (req: IncomingMessage, res: ServerResponse) => Promise<unknown>;
  readonly hosts: readonly string[];
  /** The key that this gateway proves itself with, and the addresses that it was told to be known at. */
  readonly identity: Prover;
  readonly knownAs: readonly string[];
  /** The folder of the built page. */
  readonly pageFolder: string;
  readonly caps: Caps & { readonly behindProxy: boolean };
  readonly log: Logger;
  readonly tls?: { readonly cert: string; readonly key: string };
}

type PathHandler = (
  req: IncomingMessage,
  res: ServerResponse,
  url: { path: string; search: string },
) => Promise<void> | void;

/** The HTTP side of the gateway: one server, few paths, every other path refused. */
export function createHttpServer(options: ServerOptions): Server {
  const { gateway, identity, knownAs, pageFolder, tls } = options;
  const isTls = tls !== undefined || options.caps.behindProxy;
  const page = createPageHttp({ gateway, identity, knownAs, pageFolder, isTls });
  const routes = createRoutes(options, page);
  const handle = (req: IncomingMessage, res: ServerResponse): void => {
    const [path = '/', search = ''] = splitUrl(req.url ?? '/');
    const over = overCap(req);
    if (over !== undefined) {
      refuse(res, over);
      return;
    }
    const against = hostReason(req, { hosts: options.hosts });
    if (against !== undefined) {
      refuse(res, new AndonError([against]));
      return;
    }
    const route = routes.find(
      ([prefix]) => path === prefix || (prefix.length > 1 && prefix.endsWith('/') && path.startsWith(prefix)),
    );
    const answer = route?.[1] ?? ((...asked) => answerPageFile(page, ...asked));
    Promise.resolve(answer(req, res, { path, search })).catch((error: unknown) => {
      if (error instanceof AndonError) return refuse(res, error);
      options.log.error({ err: error, path: path.slice(0, 200) }, 'request');
      refuse(res, fail('internal', 'gateway'));
    });
  };
  const server = options.tls === undefined ? createServer(handle) : createTlsServer(options.tls, handle);
  // A client that sends headers or body by the byte does not hold a connection for ever; git pushes have ten
  // minutes.
  server.headersTimeout = 20_000;
  server.requestTimeout = 15 * 60_000;
  const overCap = capConnections(server, options.caps);
  // Longer than clients and proxies keep an idle connection: a connection that the server ends just when it
  // is reused fails the call.
  server.keepAliveTimeout = 75_000;
  return server;
}

function splitUrl(url: string): [string, string] {
  const mark = url.indexOf('?');
  return mark === -1 ? [url, ''] : [url.slice(0, mark), url.slice(mark + 1)];
}

function createRoutes(options: ServerOptions, page: PageHttp): [string, PathHandler][] {
  const { gateway, identity, knownAs, tls } = options;
  const known = { hosts: knownAs, isTls: tls !== undefined };
  const proofs = createProofEndpoint(identity, known, () => performance.now());
  const streams = new Streams(options.caps);
  const withSingle = { ...options, page, streams, single: createSingleHandler(options.router) };
  return [
    ['/trpc/', (req, res, url) => trpc(withSingle, req, res, url)],
    ['/mcp', mcp(options)],
    ['/git/', async (req, res) => void (await options.git(req, res))],
    ['/livez', (_req, res) => text(res, 200, 'ok\n')],
    ['/readyz', (_req, res) => readiness(gateway, res)],
    ['/metrics', (req, res) => metrics(options, req, res)],
    [proofPath, (req, res, { search }) => answerProof(proofs, req, res, search)],
    [
      '/.well-known/jwks.json',
      (_req, res) => text(res, 200, JSON.stringify(gateway.tokens.keys.jwks()), 'application/jwk-set+json'),
    ],
    ['/session', (req, res, { path, search }) => page.answerSession(req, res, path, search)],
    ['/session/', (req, res, { path, search }) => page.answerSession(req, res, path, search)],
    ['/', (req, res) => answerHome(page, req, res)],
  ];
}

/**
 * Loads the MCP handler at its first request: the SDK would be a third of all code that a start loads, and
 * most gateways start for git and tRPC.
 */
function mcp({ gateway, router }: ServerOptions): PathHandler {
  const load = async () => (await import('./mcp/handler.ts')).createMcpHandler(gateway, router);
  let loaded: ReturnType<typeof load> | undefined;
  return async (req, res, { search }) => {
    loaded ??= load();
    await (await loaded)(req, res, search);
  };
}

function answerProof(
  proofs: ReturnType<typeof createProofEndpoint>,
  req: IncomingMessage,
  res: ServerResponse,
  search: string,
): void {
  const answer = proofs(req, search);
  if (answer instanceof AndonError) refuse(res, answer);
  else text(res, 200, `${JSON.stringify(answer)}\n`, 'application/json');
}

/** Paths end in a slash to match all below; `/` alone is exact, since it would match everything. */
function readiness({ feed, store, logKeeper }: Gateway, res: ServerResponse): void {
  const silentMs = Math.round(feed.silentMs);
  const ready = silentMs <= feedSilentMsMax;
  text(
    res,
    ready ? 200 : 503,
    `${JSON.stringify({ ready, engine: store.engine, feedSilentMs: silentMs, position: feed.position, below: logKeeper.reason?.found ?? null })}\n`,
    'application/json',
  );
}

const methods: ReadonlySet<string> = new Set(['GET', 'POST', 'HEAD', 'OPTIONS']);

async function trpc(
  {
    single,
    streams,
    page,
    ...options
  }: ServerOptions & {
    readonly single: SingleHandler;
    readonly streams: Streams;
    readonly page: PageHttp;
  },
  req: IncomingMessage,
  res: ServerResponse,
  { path, search }: { path: string; search: string },
): Promise<void> {
  const { method = '' } = req;
  // The adapter cannot represent other methods, and would answer 500.
  if (!methods.has(method)) return refuse(res, fail('request.method', method));
  const procedure = decodeURIComponentSafe(path.slice('/trpc/'.length));
  const ofPage = await page.callOf(req);
  const { context, body } = ofPage ?? {
    context: contextOf(options.gateway, req, procedure.includes(',')),
    body: undefined,
  };
  if (single.takes(req, procedure, search))
    return single.answer({ req, res, path: procedure, search, context, body });
  // The adapter would read the body again.
  if (body !== undefined) return refuse(res, fail('request.batch', procedure, { limit: 1 }));
  const over = batchOver(procedure) ?? (await streamOver(streams, context, req, res, ofPage !== undefined));
  if (over !== undefined) return refuse(res, over);
  await nodeHTTPRequestHandler({
    router: options.router,
    req,
    res,
    path: procedure,
    createContext: () => context,
    maxBodySize: limits.bodyBytesMax,
    allowBatching: true,
    maxBatchSize: limits.batchCallsMax,
  });
}

/** The error for a batch of too many calls. */
function batchOver(procedures: string): AndonError | undefined {
  const calls = procedures.split(',').length;
  return calls > limits.batchCallsMax
    ? fail('request.batch', 'batch', { found: calls, limit: limits.batchCallsMax })
    : undefined;
}

/**
 * The error for a stream over the limit of its principal or the gateway. A caller without a valid token is
 * refused further on.
 */
async function streamOver(
  streams: Streams,
  context: CallContext,
  req: IncomingMessage,
  res: ServerResponse,
  isOfPage: boolean,
): Promise<AndonError | undefined> {
  if (req.headers.accept?.includes('text/event-stream') !== true) return undefined;
  try {
    const { grant, token } = await context.call();
    return isOfPage ? streams.addOfPage(token?.jti ?? grant.sub, res) : streams.add(grant.sub, res);
  } catch (error) {
    if (error instanceof AndonError) return undefined;
    throw error;
  }
}

async function metrics(
  { gateway, caps }: ServerOptions,
  req: IncomingMessage,
  res: ServerResponse,
): Promise<void> {
  const refusal = await metricsRefusal(req, gateway.tokens, caps.behindProxy);
  if (refusal !== undefined) return refuse(res, refusal);
  const { registry } = gateway.metrics;
  text(res, 200, await registry.metrics(), registry.contentType);
}

function decodeURIComponentSafe(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

const requestIdPattern = /^[A-Za-z0-9._:-]{1,128}$/;

/**
 * Authenticates once per request, when the first procedure asks; `admit` refuses an ended token. The header
 * is never logged.
 */
function contextOf(gateway: Gateway, req: IncomingMessage, batch: boolean): CallContext {
  const named = req.headers['x-request-id'];
  const requestId = typeof named === 'string' && requestIdPattern.test(named) ? named : undefined;
  let call: ReturnType<CallContext['call']> | undefined;
  return {
    call: () => {
      call ??= gateway.tokens.identify(req.headers.authorization).then(
        (token) => callOf(token, { requestId, batch }),
        (error: unknown) => {
          if (error instanceof AndonError) gateway.metrics.refusedToken(error.code);
          throw error;
        },
      );
      return call;
    },
  };
}

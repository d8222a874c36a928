import {
  type Agent,
  createServer,
  type IncomingMessage,
  request as requestHttp,
  type Server,
  type ServerResponse,
} from 'node:http';
import { request as requestHttps } from 'node:https';
import { type AddressInfo, connect, type Server as NetServer, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { RunnerGateway } from '../protocol.ts';
import { tellCalls } from './accepted.ts';
import { metricsPath } from './metrics-intake.ts';

/** The gateway, the token and the allowed hosts of a run's proxy. */
export interface RunProxyOptions {
  /** The gateway, as the runner reaches it: over connections whose listener has proved its key. */
  readonly gateway: Pick<RunnerGateway, 'url' | 'agent' | 'missed' | 'prover'>;
  /** Hosts that the run may reach besides the gateway, or all. */
  readonly network: 'open' | readonly string[];
  /** The present token; it replaces the run's earlier ones in requests. */
  readonly token: () => string;
  /** True for a token that this run was given. */
  readonly isOwn: (token: string) => boolean;
  /** Called for each call that the gateway accepted: with its path, and if it changed state. */
  readonly heard: (call: { readonly changed: boolean; readonly path: string }) => void;
  /** Takes the metrics that the run exports, if its profile asks for them; they are not passed on to the gateway. */
  readonly metrics?: ((incoming: IncomingMessage, answer: ServerResponse) => Promise<void>) | undefined;
}

/**
 * The proxy between one run and the outside: the gateway under a local address, and, by CONNECT, the hosts
 * that the run's profile names. A run outlives its first token; a client that keeps that token, such as an
 * MCP client, is served on with the present one. No other connection passes.
 */
export interface RunProxy {
  /** Listens on loopback; resolves to the port. */
  listen(): Promise<number>;
  /** Serves connections of a listening socket that was made elsewhere. */
  serve(listening: NetServer): void;
  close(): void;
}

const hopByHop = new Set([
  'connection',
  'keep-alive',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'upgrade',
]);

/** Creates the proxy of a run; it serves after `listen` or `serve`. */
export function createRunProxy(options: RunProxyOptions): RunProxy {
  const server = createServer((incoming, answer) => pass(options, incoming, answer));
  server.on('connect', (incoming: IncomingMessage, socket: Duplex) => tunnel(options, incoming, socket));
  server.on('clientError', (_error, socket) => socket.destroy());
  // A push or an event stream may take any time; the gateway has time limits of its own.
  server.requestTimeout = 0;
  const adopted: NetServer[] = [];
  return {
    listen: () => listen(server),
    serve: (listening) => {
      adopted.push(listening);
      listening.on('connection', (socket: Socket) => server.emit('connection', socket));
    },
    close: () => {
      for (const one of adopted) one.close();
      server.close();
      server.closeAllConnections();
    },
  };
}

function listen(server: Server): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port));
  });
}

function pass(options: RunProxyOptions, incoming: IncomingMessage, answer: ServerResponse): void {
  if (incoming.url === metricsPath && options.metrics !== undefined) {
    void options.metrics(incoming, answer);
    return;
  }
  if (isProved(options, incoming, answer)) return;
  const target = targetOf(options, incoming.url ?? '/');
  if (target === undefined) {
    refuse(answer, incoming.url ?? '');
    return;
  }
  forward(options, incoming, answer, target);
}

/** Forwards a request and its answer. */
function forward(
  options: RunProxyOptions,
  incoming: IncomingMessage,
  answer: ServerResponse,
  { url, isGateway }: { url: URL; isGateway: boolean },
): void {
  const headers = headersFor(options, incoming, url, isGateway);
  const request = url.protocol === 'https:' ? requestHttps : requestHttp;
  const agent: { agent?: Agent } = isGateway ? { agent: options.gateway.agent } : {};
  const outgoing = request(url, { method: incoming.method, headers, ...agent }, (reply) => {
    const { statusCode = 502 } = reply;
    if (isGateway && statusCode < 300)
      tellCalls({ method: incoming.method, path: url.pathname, reply }, options.heard);
    answer.writeHead(statusCode, reply.headers);
    reply.pipe(answer);
  });
  outgoing.once('error', (error) => {
    if (isGateway) options.gateway.missed?.(error);
    if (!answer.headersSent) answer.writeHead(502, { 'content-type': 'text/plain' });
    answer.end(`andon: the gateway cannot be reached: ${error.message}\n`);
  });
  answer.once('close', () => outgoing.destroy());
  incoming.pipe(outgoing);
}

/**
 * Answers a client of the run that asks for proof that it speaks to this proxy and not to a process that took
 * its port.
 */
function isProved(
  { gateway: { prover } }: RunProxyOptions,
  { url = '', socket }: IncomingMessage,
  answer: ServerResponse,
): boolean {
  const proof = prover.answer(url, `127.0.0.1:${socket.localPort}`);
  if (proof === undefined) return false;
  const body = JSON.stringify(proof);
  answer.writeHead(200, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) });
  answer.end(body);
  return true;
}

/** The target of a request: the gateway by path, or, for a proxy request, an allowed host. */
function targetOf(
  { gateway, network }: RunProxyOptions,
  asked: string,
): { url: URL; isGateway: boolean } | undefined {
  if (asked.startsWith('/')) return { url: new URL(`${gateway.url}${asked}`), isGateway: true };
  if (!URL.canParse(asked)) return undefined;
  const url = new URL(asked);
  return allows(network, url.hostname, url.port || '80') ? { url, isGateway: false } : undefined;
}

function headersFor(
  options: RunProxyOptions,
  incoming: IncomingMessage,
  url: URL,
  isGateway: boolean,
): Record<string, string | string[]> {
  const headers: Record<string, string | string[]> = { host: url.host };
  for (const [name, value] of Object.entries(incoming.headers)) {
    if (value === undefined || name === 'host' || hopByHop.has(name)) continue;
    headers[name] = value;
  }
  if (isGateway) forGateway(options, headers, url.pathname);
  // Chunked bodies are forwarded as they arrive.
  if (headers['transfer-encoding'] !== undefined) delete headers['content-length'];
  return headers;
}

function forGateway(
  options: RunProxyOptions,
  headers: Record<string, string | string[]>,
  path: string,
): void {
  const { authorization } = headers;
  if (typeof authorization === 'string') headers.authorization = fresh(options, authorization);
  // Only an answer in one piece can list the changes in its head.
  if (path === '/mcp') headers.accept = 'application/json, text/event-stream';
}

/** The header with the present token in the place of an earlier one of this run; any other header unchanged. */
function fresh({ token, isOwn }: RunProxyOptions, header: string): string {
  const [scheme = '', rest = ''] = header.split(/ +/, 2);
  if (scheme.toLowerCase() === 'bearer') return isOwn(rest) ? `Bearer ${token()}` : header;
  if (scheme.toLowerCase() !== 'basic') return header;
  const text = Buffer.from(rest, 'base64').toString('utf8');
  const at = text.indexOf(':');
  if (at < 0 || !isOwn(text.slice(at + 1))) return header;
  return `Basic ${Buffer.from(`${text.slice(0, at)}:${token()}`).toString('base64')}`;
}

function tunnel({ network }: RunProxyOptions, incoming: IncomingMessage, socket: Duplex): void {
  socket.on('error', () => socket.destroy());
  const [, host = '', port = ''] = /^\[?([^\]]+?)\]?:(\d{1,5})$/.exec(incoming.url ?? '') ?? [];
  if (!allows(network, host, port)) {
    socket.end(`HTTP/1.1 403 Forbidden\r\ncontent-type: text/plain\r\n\r\n${refusal(incoming.url ?? '')}`);
    return;
  }
  const out = connect(Number(port), host, () => {
    socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
    out.pipe(socket);
    socket.pipe(out);
  });
  out.on('error', () => socket.destroy());
  socket.on('close', () => out.destroy());
}

/** True when the profile names the host: literally, as `*.host`, with its port or with any. */
function allows(network: RunProxyOptions['network'], host: string, port: string): boolean {
  if (host === '') return false;
  if (network === 'open') return true;
  const name = host.toLowerCase();
  return network.some((entry) => {
    const [wanted = '', only] = entry.split(':', 2);
    if (only !== undefined && only !== port) return false;
    return wanted.startsWith('*.') ? name.endsWith(wanted.slice(1)) : name === wanted;
  });
}

const refusal = (asked: string): string =>
  `andon: this run may not reach ${asked.slice(0, 200)}: its profile does not name the host (network in andon.yaml)\n`;

function refuse(answer: ServerResponse, asked: string): void {
  answer.writeHead(403, { 'content-type': 'text/plain' });
  answer.end(refusal(asked));
}

import { type Agent as HttpAgent, type IncomingMessage, request as requestHttp } from 'node:http';
import { type Agent as HttpsAgent, request as requestHttps } from 'node:https';
import { Readable } from 'node:stream';
import { text as readText } from 'node:stream/consumers';

/**
 * The parts of `Response` that clients of a gateway read. Node's own class takes longer to load than most commands
 * take to carry out.
 */
export interface AgentAnswer extends Pick<Response, 'ok' | 'status' | 'statusText' | 'url' | 'redirected'> {
  readonly headers: Iterable<[string, string]> & { get(name: string): string | null };
  readonly body: Response['body'];
  json(): Promise<unknown>;
  text(): Promise<string>;
}

/** The form of `fetch` that clients of a gateway call; the global one has it, too. */
export type AgentFetch = (input: string | URL, init?: RequestInit) => Promise<AgentAnswer>;

/**
 * `fetch` over the connections of an agent. Bodies are text or bytes; redirects are answered, not followed,
 * so that a token goes nowhere else.
 */
export function createAgentFetch(agent: HttpAgent | HttpsAgent): AgentFetch {
  return async (input, init = {}) => {
    const url = new URL(input);
    const body = bodyOf(init.body);
    const headers = headersOf(init.headers);
    if (body !== undefined) headers['content-length'] = String(body.length);
    const request = url.protocol === 'https:' ? requestHttps : requestHttp;
    const { signal } = init;
    signal?.throwIfAborted();
    return new Promise<AgentAnswer>((resolve, reject) => {
      const sent = request(url, { agent, method: init.method ?? 'GET', headers });
      const abort = (): void => {
        // A request that waits for its connection does not report its end before it has one.
        reject(signal?.reason as Error);
        sent.destroy(signal?.reason as Error);
      };
      signal?.addEventListener('abort', abort, { once: true });
      sent.once('close', () => signal?.removeEventListener('abort', abort));
      sent.once('error', (error) => reject(signal?.aborted === true ? (signal.reason as Error) : error));
      sent.once('response', (answer) => resolve(answerOf(url, answer)));
      sent.end(body);
    });
  };
}

/** An answer as the class of the platform, for libraries that ask for it. */
export function asResponse({ body, status, statusText, headers }: AgentAnswer): Response {
  return new Response(body, { status, statusText, headers: [...headers] });
}

function headersOf(given: RequestInit['headers'] = {}): Record<string, string> {
  const pairs = Symbol.iterator in given ? given : Object.entries(given);
  return Object.fromEntries([...pairs].map(([name = '', value]) => [name.toLowerCase(), String(value)]));
}

function bodyOf(body: unknown): Buffer | undefined {
  if (body === undefined || body === null) return undefined;
  if (typeof body === 'string') return Buffer.from(body, 'utf8');
  if (body instanceof Uint8Array) return Buffer.from(body);
  throw new TypeError('a body of text or bytes was expected');
}

/** Headers as they were sent; several of one name are joined, as `Headers` joins them. */
function sentHeaders(raw: readonly string[]): AgentAnswer['headers'] {
  const pairs: [string, string][] = [];
  for (let at = 0; at + 1 < raw.length; at += 2)
    pairs.push([raw[at]?.toLowerCase() ?? '', raw[at + 1] ?? '']);
  const get = (name: string): string | null => {
    const named = pairs.filter(([one]) => one === name.toLowerCase());
    return named.length === 0 ? null : named.map(([, value]) => value).join(', ');
  };
  return { get, [Symbol.iterator]: () => pairs[Symbol.iterator]() };
}

const bodiless: ReadonlySet<number> = new Set([101, 204, 205, 304]);

function answerOf(url: URL, answer: IncomingMessage): AgentAnswer {
  const { statusCode: status = 500, statusMessage: statusText = '' } = answer;
  const isEmpty = bodiless.has(status);
  if (isEmpty) answer.resume();
  let body: Response['body'] | undefined;
  return {
    ...{ ok: status >= 200 && status < 300, status, statusText, url: url.href, redirected: false },
    headers: sentHeaders(answer.rawHeaders),
    get body() {
      body ??= isEmpty ? null : (Readable.toWeb(answer) as ReadableStream<Uint8Array<ArrayBuffer>>);
      return body;
    },
    json: async () => JSON.parse(await readText(answer)) as unknown,
    text: () => readText(answer),
  };
}

import { type Agent as HttpAgent, type IncomingMessage, request as requestHttp } from 'node:http';
import { type Agent as HttpsAgent, request as requestHttps } from 'node:https';
import { Readable } from 'node:stream';

type Fetch = typeof globalThis.fetch;

const bodiless: ReadonlySet<number> = new Set([101, 204, 205, 304]);

/**
 * `fetch` over the connections of an agent. Bodies are text or bytes; redirects are answered, not followed,
 * so that a token goes nowhere else.
 */
export function createAgentFetch(agent: HttpAgent | HttpsAgent): Fetch {
  return async (input, init = {}) => {
    const url = new URL(input instanceof Request ? input.url : input);
    const body = bodyOf(init.body);
    const headers = Object.fromEntries(new Headers(init.headers));
    if (body !== undefined) headers['content-length'] = String(body.length);
    const request = url.protocol === 'https:' ? requestHttps : requestHttp;
    const { signal } = init;
    signal?.throwIfAborted();
    return new Promise<Response>((resolve, reject) => {
      const sent = request(url, { agent, method: init.method ?? 'GET', headers });
      const abort = (): void => {
        // A request that waits for its connection does not report its end before it has one.
        reject(signal?.reason as Error);
        sent.destroy(signal?.reason as Error);
      };
      signal?.addEventListener('abort', abort, { once: true });
      sent.once('close', () => signal?.removeEventListener('abort', abort));
      sent.once('error', (error) => reject(signal?.aborted === true ? (signal.reason as Error) : error));
      sent.once('response', (answer) => resolve(responseOf(url, answer)));
      sent.end(body);
    });
  };
}

function bodyOf(body: unknown): Buffer | undefined {
  if (body === undefined || body === null) return undefined;
  if (typeof body === 'string') return Buffer.from(body, 'utf8');
  if (body instanceof Uint8Array) return Buffer.from(body);
  throw new TypeError('a body of text or bytes was expected');
}

function responseOf(url: URL, answer: IncomingMessage): Response {
  const status = answer.statusCode ?? 500;
  const headers = new Headers();
  for (let at = 0; at + 1 < answer.rawHeaders.length; at += 2)
    headers.append(answer.rawHeaders[at] ?? '', answer.rawHeaders[at + 1] ?? '');
  const isEmpty = bodiless.has(status);
  if (isEmpty) answer.resume();
  const body = isEmpty ? null : (Readable.toWeb(answer) as ReadableStream<Uint8Array>);
  const response = new Response(body, { status, statusText: answer.statusMessage ?? '', headers });
  Object.defineProperty(response, 'url', { value: url.href });
  return response;
}

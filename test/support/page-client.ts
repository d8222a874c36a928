import { createHash, generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto';
import { request } from 'node:http';
import type { Client } from '../../src/client.ts';

const sha256 = (text: string): string => createHash('sha256').update(text).digest('base64url');

/** An answer over HTTP. */
export interface Answered {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  // biome-ignore lint/suspicious/noExplicitAny: bodies of many procedures
  readonly body: any;
}

export interface Sent {
  readonly method?: string;
  readonly path: string;
  readonly body?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Sends exactly these headers, which no `fetch` would: those that a browser sets, and those of an attacker. */
export function sendRaw(url: string, { method = 'GET', path, body, headers = {} }: Sent): Promise<Answered> {
  return new Promise((resolve, reject) => {
    const sent = request(new URL(path, url), { method, headers, path }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (piece: string) => (text += piece));
      response.on('end', () => {
        let parsed: unknown = text;
        try {
          parsed = JSON.parse(text);
        } catch {}
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body: parsed });
      });
    });
    sent.on('error', reject);
    sent.end(body);
  });
}

/** A code as `andon open` makes it. */
export async function offerCode(
  owner: Client,
  origin: string,
  more: { readOnly?: boolean; tunnel?: boolean; forSeconds?: number } = {},
): Promise<string> {
  const code = [...randomBytes(26)].map((byte) => '0123456789abcdefghjkmnpqrstvwxyz'[byte % 32]).join('');
  const typed = sha256(code.slice(0, 12));
  await owner.page.code.mutate({ project: '*', hash: sha256(code), typed, origin, ...more });
  return code;
}

/** The halves of a session: the cookie of the browser, and the key of its page. */
export interface PageHalves {
  readonly session: string;
  readonly cookie: string;
  readonly key: KeyObject;
}

const own = (origin: string): Record<string, string> => ({ origin, 'sec-fetch-site': 'same-origin' });

/** Asks for a session, as the page does. */
export async function askForSession(
  url: string,
  code: string,
  headers: Readonly<Record<string, string>> = own(url),
): Promise<{ answered: Answered; key: KeyObject }> {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const { x = '', y = '' } = publicKey.export({ format: 'jwk' });
  const body = JSON.stringify({ code, publicKey: { x, y } });
  const answered = await sendRaw(url, { method: 'POST', path: '/session', body, headers });
  return { answered, key: privateKey };
}

/** Opens a session by a code. */
export async function openHalves(url: string, code: string): Promise<PageHalves> {
  const { answered, key } = await askForSession(url, code);
  if (answered.status !== 200) throw new Error(JSON.stringify(answered.body));
  const [cookie = ''] = String(answered.headers['set-cookie']).split(';');
  return { session: answered.body.session, cookie, key };
}

/** The parts of a call that a test may forge. */
export interface Forged {
  readonly origin?: string;
  readonly seconds?: number;
  readonly signed?: Partial<{ method: string; path: string; body: string; requestId: string }>;
  readonly requestId?: string;
  readonly headers?: Readonly<Record<string, string | undefined>>;
}

/** The headers of a signed call. */
export function signedHeaders(
  url: string,
  { cookie, key }: PageHalves,
  call: { readonly method: string; readonly path: string; readonly body: string },
  forged: Forged = {},
): Record<string, string> {
  const { method, path, body } = { ...call, ...forged.signed };
  const seconds = forged.seconds ?? Math.floor(Date.now() / 1000);
  const nonce = randomBytes(16).toString('base64url');
  const requestId = forged.signed?.requestId ?? forged.requestId ?? '';
  const origin = forged.origin ?? url;
  const text = ['andon-page 1', origin, method, path, sha256(body), requestId, seconds, nonce].join('\n');
  const signature = sign('sha256', Buffer.from(text), { key, dsaEncoding: 'ieee-p1363' }).toString(
    'base64url',
  );
  const headers: Record<string, string | undefined> = {
    cookie,
    'andon-page': `${seconds}.${nonce}.${signature}`,
    'sec-fetch-site': 'same-origin',
    origin: call.method === 'POST' ? url : undefined,
    'content-type': call.method === 'POST' ? 'application/json' : undefined,
    'x-request-id': forged.requestId,
    ...forged.headers,
  };
  return Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  );
}

/** Asks a query as the page does. */
export function askAs(url: string, halves: PageHalves, procedure: string, input: object, forged?: Forged) {
  const path = `/trpc/${procedure}?input=${encodeURIComponent(JSON.stringify(input))}`;
  const headers = signedHeaders(url, halves, { method: 'GET', path, body: '' }, forged);
  return sendRaw(url, { path, headers });
}

/** Ends the session of a page, as its way out does. */
export function leaveAs(url: string, halves: PageHalves, forged?: Forged) {
  const call = { method: 'POST', path: '/session/end', body: '{}' };
  return sendRaw(url, { ...call, headers: signedHeaders(url, halves, call, forged) });
}

/** Carries out a mutation as the page does. */
export function actAs(url: string, halves: PageHalves, procedure: string, input: object, forged?: Forged) {
  const path = `/trpc/${procedure}`;
  const body = JSON.stringify(input);
  const headers = signedHeaders(url, halves, { method: 'POST', path, body }, forged);
  return sendRaw(url, { method: 'POST', path, body, headers });
}

/** Opens a stream of events as the page does, and leaves it open; answers its status and, when refused, its reason. */
export function streamAs(
  url: string,
  halves: PageHalves,
  end: AbortSignal,
): Promise<{ status: number; code: string }> {
  const path = `/trpc/event.stream?input=${encodeURIComponent(JSON.stringify({ project: '*' }))}`;
  const headers = {
    ...signedHeaders(url, halves, { method: 'GET', path, body: '' }),
    accept: 'text/event-stream',
  };
  return new Promise((resolve, reject) => {
    const sent = request(new URL(path, url), { headers, path, signal: end }, (response) => {
      const { statusCode: status = 0 } = response;
      if (status === 200) {
        response.on('error', () => {}).resume();
        resolve({ status, code: '' });
        return;
      }
      let text = '';
      response.setEncoding('utf8').on('data', (piece: string) => (text += piece));
      response.on('end', () => resolve({ status, code: JSON.parse(text).error.data.andon.code }));
    });
    // After the answer an error is the end that the test wished for.
    sent.on('error', reject);
    sent.end();
  });
}

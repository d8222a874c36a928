import { createHmac } from 'node:crypto';
import { type LookupAddress, lookup } from 'node:dns';
import { request as requestPlain } from 'node:http';
import { request as requestTls } from 'node:https';
import { type AllowedHosts, isPublic, targetOf } from './address.ts';

/** The outcome of a delivery, in words; `again` when another try may help. */
export interface Delivered {
  readonly ok: boolean;
  readonly status: string;
  readonly again: boolean;
}

/** The secret, allowed hosts and clock of a webhook. */
export interface WebhookOptions {
  /** Secret shared with the receivers; never sent. */
  readonly secret: string;
  readonly allowed: AllowedHosts;
  readonly nowSeconds: number;
  readonly timeoutMs?: number;
}

const timeoutMsDefault = 10_000;
const answerBytesMax = 64 * 1024;

/**
 * `t=<seconds>,v1=<hex>`: HMAC-SHA256 with the secret over `<seconds>.<body>` (RFC 2104). A receiver computes
 * the signature again, compares in constant time, and refuses one older than a few minutes.
 */
export function signature(secret: string, body: string, seconds: number): string {
  const mac = createHmac('sha256', secret).update(`${seconds}.${body}`).digest('hex');
  return `t=${seconds},v1=${mac}`;
}

/**
 * Posts a body, once. Redirects are not followed. The address is judged at the connection, so a name cannot
 * change its address in between.
 */
export function post(target: string, id: string, body: string, options: WebhookOptions): Promise<Delivered> {
  const found = targetOf(target, options.allowed);
  if ('code' in found)
    return Promise.resolve({ ok: false, status: `${found.code}: ${found.found}`, again: false });
  const { url, isAllowed } = found;
  const seconds = Math.floor(options.nowSeconds);
  const { promise, resolve } = deferred<Delivered>();
  const abort = new AbortController();
  const late = setTimeout(
    () => abort.abort(new Error('no answer in time')),
    options.timeoutMs ?? timeoutMsDefault,
  );
  const end = (delivered: Delivered): void => {
    clearTimeout(late);
    resolve(delivered);
  };
  const send = url.protocol === 'https:' ? requestTls : requestPlain;
  const sent = send(url, {
    method: 'POST',
    agent: false,
    signal: abort.signal,
    lookup: isAllowed ? lookup : publicLookup,
    headers: {
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(body),
      'user-agent': 'andon',
      'andon-delivery': id,
      'andon-signature': signature(options.secret, body, seconds),
    },
  });
  sent.on('error', (error) => end(failed(abort.signal.aborted ? abort.signal.reason : error)));
  sent.on('response', (answer) => {
    let bytes = 0;
    answer.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes > answerBytesMax) answer.destroy();
    });
    answer.on('close', () => end(judged(answer.statusCode ?? 0)));
    answer.on('error', () => {});
  });
  sent.end(body);
  return promise;
}

function deferred<T>(): { promise: Promise<T>; resolve: (value: T) => void } {
  let resolve: (value: T) => void = () => {};
  const promise = new Promise<T>((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
}

/**
 * Judges the status of an answer: received, to be tried again, or a fault of the request, which is not tried
 * again.
 */
function judged(status: number): Delivered {
  const ok = status >= 200 && status < 300;
  const again = status >= 500 || status === 429 || status === 408;
  return { ok, status: String(status), again: !ok && again };
}

function failed(error: unknown): Delivered {
  const message = error instanceof Error ? error.message : String(error);
  return { ok: false, status: message.slice(0, 300), again: !message.startsWith('trigger.target') };
}

type LookupAnswer = (
  error: NodeJS.ErrnoException | null,
  addresses: LookupAddress[] | string,
  family?: number,
) => void;

/** Resolves a name to public addresses only; a name that also has another address is refused. */
function publicLookup(name: string, options: { all?: boolean | undefined }, heard: LookupAnswer): void {
  lookup(name, { all: true }, (error, addresses) => {
    if (error !== null) return heard(error, []);
    const other = addresses.find(({ address }) => !isPublic(address));
    const [first] = addresses;
    if (other !== undefined || first === undefined)
      return heard(new Error(`trigger.target: ${name} is ${other?.address ?? 'nowhere'}`), []);
    if (options.all === true) return heard(null, addresses);
    return heard(null, first.address, first.family);
  });
}

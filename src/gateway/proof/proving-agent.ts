import { randomBytes } from 'node:crypto';
import { type ClientRequestArgs, Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { connect, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { type AndonError, fail } from '../../lib/errors.ts';
import { readJson } from '../../lib/json.ts';
import { authorityOf, proofPath, provenKey } from './proof.ts';

/** A client's knowledge of the key of a gateway. */
export interface Pin {
  /** The fingerprint, once it is known. */
  key(): Promise<string | undefined>;
  /** Takes the key of a gateway that was not known; rejects a key that may not be trusted. */
  learned(key: string): Promise<void>;
}

const proofMsMax = 10_000;
const proofBytesMax = 16 * 1024;

/**
 * Connections to one gateway, each of which is used only after its listener has proved the key: before that
 * it carries the question alone. Over https the verified certificate is enough. Errors: `gateway.unproved`.
 */
export function createProvingAgent(gatewayUrl: string, pin: Pin): HttpAgent | HttpsAgent {
  const url = new URL(gatewayUrl);
  const options = { keepAlive: true, keepAliveMsecs: 10_000 };
  return url.protocol === 'https:'
    ? new HttpsAgent(options)
    : new ProvingAgent(options, authorityOf(url), pin);
}

class ProvingAgent extends HttpAgent {
  readonly #authority: string;
  readonly #pin: Pin;
  /** Makes simultaneous connections learn a new key one after the other. */
  #turn: Promise<unknown> = Promise.resolve();

  constructor(options: ConstructorParameters<typeof HttpAgent>[0], authority: string, pin: Pin) {
    super(options);
    this.#authority = authority;
    this.#pin = pin;
  }

  override createConnection(
    options: ClientRequestArgs,
    done?: (error: Error | null, stream: Duplex) => void,
  ): undefined {
    const socket = connect({
      host: options.hostname ?? options.host ?? '',
      port: Number(options.port ?? 80),
    });
    // The connection may break while the key is looked up, and nothing else listens to it then.
    socket.on('error', () => undefined);
    this.#prove(socket, `${options.host}:${options.port ?? 80}`).then(
      () => done?.(null, socket),
      (error: Error) => {
        socket.destroy();
        done?.(error, socket);
      },
    );
  }

  async #prove(socket: Socket, to: string): Promise<void> {
    const authority = this.#authority;
    // A request to another address than the gateway's never comes here; a proof would not cover it.
    if (bare(to) !== bare(authority))
      throw unproved(to, 'another address than that of the gateway', authority);
    const nonce = randomBytes(24).toString('base64url');
    const key = provenKey(await ask(socket, authority, nonce), nonce, authority);
    if (key === undefined) throw unproved(authority, 'a proof of no key for this address');
    const turn = this.#turn.then(() => this.#judge(key));
    this.#turn = turn.catch(() => undefined);
    await turn;
  }

  async #judge(key: string): Promise<void> {
    const known = await this.#pin.key();
    if (known === undefined) await this.#pin.learned(key);
    else if (known !== key) throw unproved(this.#authority, key, known);
  }
}

const bare = (authority: string): string => authority.replace(/[[\]]/g, '').toLowerCase();

const unproved = (subject: string, found: string, limit?: string): AndonError =>
  fail('gateway.unproved', subject, limit === undefined ? { found } : { found, limit });

/** Asks for a proof over a connection and leaves the connection ready for the next request. */
function ask(socket: Socket, authority: string, nonce: string): Promise<unknown> {
  const timer = setTimeout(
    () => socket.destroy(unproved(authority, `no proof within ${proofMsMax} ms`)),
    proofMsMax,
  );
  return new Promise<unknown>((resolve, reject) => {
    let seen = '';
    const closed = () => reject(unproved(authority, 'a listener that hung up'));
    const heard = (chunk: Buffer): void => {
      seen += chunk.toString('latin1');
      const answer = seen.length > proofBytesMax ? { fault: 'an answer without end' } : answerIn(seen);
      if (answer === undefined) return;
      socket.off('data', heard).off('close', closed).off('error', reject);
      if ('fault' in answer) reject(unproved(authority, answer.fault ?? ''));
      else resolve(answer.body);
    };
    socket.on('data', heard).once('close', closed).once('error', reject);
    socket.write(
      `GET ${proofPath}?nonce=${nonce} HTTP/1.1\r\nHost: ${authority}\r\nAccept: application/json\r\n\r\n`,
    );
  }).finally(() => clearTimeout(timer));
}

/** The body of an HTTP answer once it is complete; undefined before. */
function answerIn(text: string): { body: unknown } | { fault: string } | undefined {
  const end = text.indexOf('\r\n\r\n');
  if (end < 0) return undefined;
  const { status, length } = headOf(text.slice(0, end));
  if (status !== '200' || length === undefined) return { fault: faultOf(status) };
  return bodyOf(text.slice(end + 4), Number(length));
}

function headOf(head: string): { status: string | undefined; length: string | undefined } {
  return {
    status: /^HTTP\/1\.1 (\d{3})/.exec(head)?.[1],
    length: /^content-length: *(\d+) *$/im.exec(head)?.[1],
  };
}

function faultOf(status: string | undefined): string {
  if (status === undefined) return 'no HTTP';
  return status === '429' ? 'too many proofs at once (HTTP 429); try again' : `no proof (HTTP ${status})`;
}

function bodyOf(body: string, length: number): { body: unknown } | { fault: string } | undefined {
  if (body.length < length) return undefined;
  return body.length > length ? { fault: 'more than was asked for' } : parsed(body);
}

function parsed(body: string): { body: unknown } | { fault: string } {
  const read = readJson(body);
  return read.fault === undefined ? { body: read.value } : { fault: 'no JSON' };
}

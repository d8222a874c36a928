import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

/** A pooler in front of a PostgreSQL server: sessions of its own, process ids of its own. */
export interface TestPooler {
  readonly url: string;
  close(): void;
}

export interface PoolerOptions {
  /** `transaction` gives the session back after each transaction; `session` when the client ends. */
  readonly mode: 'transaction' | 'session';
  /** True to leave `options` of the client out, as `ignore_startup_parameters` does. */
  readonly dropOptions?: boolean;
}

interface Backend {
  readonly socket: Socket;
  client: Socket | undefined;
  rest: Buffer;
}

const idle = 'I'.charCodeAt(0);

/** Splits a stream of messages of the protocol: a kind of one byte, a length of four that counts itself. */
function messagesOf(bytes: Buffer): { messages: Buffer[]; rest: Buffer } {
  const messages: Buffer[] = [];
  let at = 0;
  while (bytes.length >= at + 5) {
    const end = at + 1 + bytes.readInt32BE(at + 1);
    if (bytes.length < end) break;
    messages.push(bytes.subarray(at, end));
    at = end;
  }
  return { messages, rest: bytes.subarray(at) };
}

/** The first message of a client without its `options`. */
function withoutOptions(startup: Buffer): Buffer {
  const words = startup.subarray(8, -1).toString('utf8').split('\0');
  const kept: string[] = [];
  for (let n = 0; n + 1 < words.length; n += 2)
    if (words[n] !== 'options') kept.push(words[n] ?? '', words[n + 1] ?? '');
  const body = Buffer.from(`${kept.map((word) => `${word}\0`).join('')}\0`, 'utf8');
  const head = Buffer.alloc(8);
  head.writeInt32BE(8 + body.length, 0);
  startup.copy(head, 4, 4, 8);
  return Buffer.concat([head, body]);
}

export async function startPooler(serverUrl: string, options: PoolerOptions): Promise<TestPooler> {
  const to = new URL(serverUrl);
  const free: Backend[] = [];
  const server: Server = createServer((client) => {
    let backend: Backend | undefined;
    client.on('error', () => client.destroy());
    client.once('data', (startup) => {
      const first = options.dropOptions === true ? withoutOptions(startup) : startup;
      backend = open(first, client);
      client.on('data', (bytes) => {
        backend ??= take(client);
        backend.socket.write(bytes);
      });
    });
    client.on('close', () => backend?.socket.destroy());
    const release = (given: Backend): void => {
      if (options.mode === 'session') return;
      given.client = undefined;
      backend = undefined;
      free.push(given);
    };

    function open(startup: Buffer, of: Socket): Backend {
      const socket = connect(Number(to.port), to.hostname);
      const made: Backend = { socket, client: of, rest: Buffer.alloc(0) };
      socket.write(startup);
      socket.on('error', () => made.client?.destroy());
      socket.on('data', (bytes) => {
        const { messages, rest } = messagesOf(Buffer.concat([made.rest, bytes]));
        made.rest = rest;
        for (const message of messages) {
          // BackendKeyData: a pooler names a process of its own.
          if (message[0] === 'K'.charCodeAt(0)) message.writeInt32BE(1_000_000_000, 5);
          made.client?.write(message);
          if (message[0] === 'Z'.charCodeAt(0) && message[5] === idle) given.get(made)?.(made);
        }
      });
      given.set(made, release);
      return made;
    }

    function take(of: Socket): Backend {
      // The session that waits longest: each client here brings one, and its own would come back to it otherwise.
      const found = free.shift();
      if (found === undefined) throw new Error('every session of the pooler is busy');
      found.client = of;
      given.set(found, release);
      return found;
    }
  });
  const given = new Map<Backend, (backend: Backend) => void>();
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const url = new URL(serverUrl);
  url.port = String((server.address() as AddressInfo).port);
  return {
    url: url.href,
    close: () => {
      server.close();
      for (const { socket } of given.keys()) socket.destroy();
    },
  };
}

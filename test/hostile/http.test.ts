import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { metricsRefusal } from '../../src/gateway/http/metrics-access.ts';
import { fail } from '../../src/lib/errors.ts';
import { limits } from '../../src/lib/limits.ts';
import { type Line, openLine } from '../support/line.ts';
import { planHead } from '../support/plan-head.ts';
import { waitUntil } from '../support/wait.ts';

const plan = `
${planHead()}
tasks:
  cart: { title: Cart, phase: build, write: ["src/cart/**"] }
`;
const project = 'shop';

describe('HTTP that means no good', () => {
  let line: Line;
  let port: number;
  beforeAll(async () => {
    line = await openLine('pglite', { plan });
    port = Number(new URL(line.url).port);
  });
  afterAll(async () => {
    expect((await fetch(`${line.url}/livez`)).status).toBe(200);
    expect((await line.owner.task.list.query({ project })).length).toBe(1);
    await line.close();
  });

  /**
   * Sends bytes unchanged; answers the bytes that came back until the other side closed, or was silent for a
   * while.
   */
  function raw(bytes: string | Buffer, silentMs = 700): Promise<string> {
    return new Promise((resolve) => {
      let held = '';
      const socket = connect(port, '127.0.0.1', () => socket.write(bytes));
      socket.setTimeout(silentMs, () => socket.destroy());
      socket.on('data', (chunk) => {
        held += chunk.toString('latin1');
      });
      socket.on('error', () => undefined);
      socket.on('close', () => resolve(held));
    });
  }
  const statuses = (answer: string): number[] =>
    [...answer.matchAll(/HTTP\/1\.1 (\d{3})/g)].map(([, code]) => Number(code));
  const request = (head: string, host = `127.0.0.1:${port}`) =>
    `${head}\r\nhost: ${host}\r\nconnection: close\r\n\r\n`;
  const auth = () => ({ authorization: `Bearer ${line.ownerToken()}` });
  const json = { 'content-type': 'application/json' };
  async function codeOf(response: Response): Promise<[number, string | undefined]> {
    const body = (await response.json()) as { error?: { data?: { andon?: { code: string } } } };
    return [response.status, body.error?.data?.andon?.code];
  }

  it.each([
    ['the name of another host', 'evil.example'],
    ['a name that only begins like loopback', '127.0.0.1.evil.example'],
    ['a user before the host', 'localhost@evil.example'],
    ['nothing', ''],
  ])('is refused when Host says %s (DNS rebinding)', async (_name, host) => {
    const answer = await raw(request('GET /livez HTTP/1.1', host));
    expect(statuses(answer)).toEqual([host === '' ? 403 : 403]);
    expect(answer).toContain('request.host');
  });

  it('is refused without Host, and with two', async () => {
    expect(statuses(await raw('GET /livez HTTP/1.1\r\nconnection: close\r\n\r\n'))).toEqual([400]);
    const two = await raw(
      `GET /livez HTTP/1.1\r\nhost: evil.example\r\nhost: 127.0.0.1\r\nconnection: close\r\n\r\n`,
    );
    expect(statuses(two)).not.toContain(200);
    for (const second of [`127.0.0.1:${port}`, 'evil.example']) {
      const twice = `GET /livez HTTP/1.1\r\nhost: 127.0.0.1:${port}\r\nHost: ${second}\r\nconnection: close\r\n\r\n`;
      const answer = await raw(twice);
      expect(statuses(answer)).toEqual([403]);
      expect(answer).toContain('request.host');
    }
  });

  it.each(['https://evil.example', 'null', 'http://127.0.0.1.evil.example', 'file://', 'garbage'])(
    'is refused when a page of %s sends it',
    async (origin) => {
      const response = await fetch(`${line.url}/trpc/task.list`, { headers: { origin, ...auth() } });
      expect(await codeOf(response)).toEqual([403, 'request.host']);
    },
  );

  it.each(['localhost', '127.0.0.1', '[::1]'])(
    'is refused when a page at another port of this machine sends it (%s)',
    async (name) => {
      for (const other of [5173, 80, port === 65_535 ? port - 1 : port + 1]) {
        const origin = `http://${name}:${other}`;
        const response = await fetch(`${line.url}/trpc/task.list`, { headers: { origin, ...auth() } });
        expect(await codeOf(response), origin).toEqual([403, 'request.host']);
      }
      const bare = await fetch(`${line.url}/trpc/task.list`, {
        headers: { origin: `http://${name}`, ...auth() },
      });
      expect(await codeOf(bare)).toEqual([403, 'request.host']);
    },
  );

  it('is refused with more headers than it may have, none of them left out in silence', async () => {
    const many = (n: number) =>
      `GET /livez HTTP/1.1\r\nhost: 127.0.0.1:${port}\r\nconnection: close\r\n${Array.from({ length: n }, (_, i) => `x-${i}: 1\r\n`).join('')}\r\n`;
    expect(statuses(await raw(many(98)))).toEqual([200]);
    const answer = await raw(many(99));
    expect(statuses(answer)).toEqual([431]);
    expect(answer).toContain('request.headers');
    const last = `GET /livez HTTP/1.1\r\n${Array.from({ length: 120 }, (_, i) => `x-${i}: 1\r\n`).join('')}host: 127.0.0.1:${port}\r\nconnection: close\r\n\r\n`;
    expect(statuses(await raw(last))).toEqual([431]);
  });

  it('is let in from a page of its own', async () => {
    const input = encodeURIComponent(JSON.stringify({ project }));
    const response = await fetch(`${line.url}/trpc/task.list?input=${input}`, {
      headers: { origin: line.url, ...auth() },
    });
    expect(response.status).toBe(200);
  });

  it.each([
    '/nothing',
    '/trpc',
    '/git',
    '/../etc/passwd',
    '/%2e%2e/%2e%2e/etc/passwd',
    '/trpcx/task.list',
    '//',
    '/livez/x',
  ])('finds nothing at %s', async (path) => {
    expect(statuses(await raw(request(`GET ${path} HTTP/1.1`)))).toEqual([404]);
  });

  it.each([
    'constructor',
    '__proto__',
    'toString',
    'task.constructor',
    'task.__proto__.x',
    'task',
    '%00',
    '%',
    'a'.repeat(5000),
  ])('finds no procedure called %s', async (path) => {
    for (const method of ['GET', 'POST']) {
      const body = method === 'POST' ? { body: '{}' } : {};
      const response = await fetch(`${line.url}/trpc/${path}`, {
        method,
        headers: { ...auth(), ...json },
        ...body,
      });
      expect([400, 404], `${method} ${path}`).toContain(response.status);
    }
  });

  it.each(['PUT', 'DELETE', 'PATCH', 'OPTIONS', 'TRACE', 'PROPFIND'])(
    'does nothing for %s',
    async (method) => {
      const answer = await raw(
        request(`${method} /trpc/task.list?input=%7B%22project%22%3A%22shop%22%7D HTTP/1.1`),
      );
      expect(statuses(answer)[0]).toBeGreaterThanOrEqual(400);
      expect(statuses(answer)[0]).toBeLessThan(500);
    },
  );

  it('does not change anything by GET, nor answer a query by POST', async () => {
    const claim = await fetch(`${line.url}/trpc/task.claim?input=%7B%22project%22%3A%22shop%22%7D`, {
      headers: auth(),
    });
    expect(await codeOf(claim)).toEqual([405, 'request.method']);
    const list = await fetch(`${line.url}/trpc/task.list`, {
      method: 'POST',
      headers: { ...auth(), ...json },
      body: '{"project":"shop"}',
    });
    expect(await codeOf(list)).toEqual([405, 'request.method']);
    expect((await line.task('cart')).state).toBe('ready');
  });

  it.each([
    'text/plain',
    'multipart/form-data; boundary=x',
    'application/x-www-form-urlencoded',
    'application/octet-stream',
    '',
  ])('changes nothing with a body of type "%s", which a page could send unasked', async (type) => {
    const response = await fetch(`${line.url}/trpc/task.claim`, {
      method: 'POST',
      headers: { ...auth(), ...(type === '' ? {} : { 'content-type': type }) },
      body: Buffer.from('{"project":"shop"}'),
    });
    expect(response.status).toBeGreaterThanOrEqual(400);
    expect(response.status).toBeLessThan(500);
    expect((await line.task('cart')).state).toBe('ready');
  });

  it('reads no body above its limit, whether it tells its length or not', async () => {
    const big = `{"project":"shop","x":"${'x'.repeat(limits.bodyBytesMax)}"}`;
    const told = await fetch(`${line.url}/trpc/task.claim`, {
      method: 'POST',
      headers: { ...auth(), ...json },
      body: big,
    }).then(codeOf, () => 'closed');
    expect([[413, 'request.size'], 'closed']).toContainEqual(told);
    const before = process.memoryUsage().rss;
    const chunk = `10000\r\n${'x'.repeat(0x10000)}\r\n`;
    const head = `POST /trpc/task.claim HTTP/1.1\r\nhost: 127.0.0.1:${port}\r\ncontent-type: application/json\r\nauthorization: Bearer ${line.ownerToken()}\r\ntransfer-encoding: chunked\r\n\r\n`;
    const answer = await raw(Buffer.from(head + chunk.repeat(320)), 2000);
    expect(statuses(answer)).toEqual([413]);
    expect(process.memoryUsage().rss - before).toBeLessThan(150_000_000);
  });

  it('takes no batch above its limit', async () => {
    const calls = (n: number) => Array(n).fill('task.list').join(',');
    const input = (n: number) =>
      encodeURIComponent(
        JSON.stringify(Object.fromEntries(Array.from({ length: n }, (_, i) => [i, { project }]))),
      );
    const batch = (n: number) =>
      fetch(`${line.url}/trpc/${calls(n)}?batch=1&input=${input(n)}`, { headers: auth() });
    expect((await batch(limits.batchCallsMax)).status).toBe(200);
    expect(await codeOf(await batch(limits.batchCallsMax + 1))).toEqual([400, 'request.batch']);
    const encoded = await fetch(
      `${line.url}/trpc/${calls(40).replaceAll(',', '%2C')}?batch=1&input=${input(40)}`,
      { headers: auth() },
    );
    expect(await codeOf(encoded)).toEqual([400, 'request.batch']);
  });

  it('answers no more than whole requests of a pipeline, and closes on garbage', async () => {
    const one = `GET /livez HTTP/1.1\r\nhost: 127.0.0.1:${port}\r\n\r\n`;
    expect(statuses(await raw(`${one}${one}${one}`))).toEqual([200, 200, 200]);
    const garbled = statuses(await raw(`${one}${one}\x16\x03\x01garbage\r\n\r\n`));
    expect(garbled[0]).toBe(200);
    expect(garbled.length).toBeLessThanOrEqual(3);
    expect(statuses(await raw('\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03'))).toEqual([400]);
    expect(statuses(await raw(`GET /${'a'.repeat(100_000)} HTTP/1.1\r\n\r\n`))[0]).toBeGreaterThanOrEqual(
      400,
    );
  });

  it('smuggles no second request behind two lengths', async () => {
    const answer = await raw(
      `POST /trpc/task.claim HTTP/1.1\r\nhost: 127.0.0.1:${port}\r\ncontent-length: 4\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\nGET /livez HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n`,
    );
    expect(statuses(answer)).toEqual([400]);
  });

  it('is cut off when it sends its headers by the byte, as the limits of the server say', () => {
    const { headersTimeout, requestTimeout, maxHeadersCount } = line.app.server;
    expect(headersTimeout).toBeLessThanOrEqual(30_000);
    expect(requestTimeout).toBeLessThanOrEqual(15 * 60_000);
    expect(maxHeadersCount).toBeLessThanOrEqual(100);
  });
});

describe('HTTP that takes more than its share', () => {
  let line: Line;
  beforeAll(async () => {
    line = await openLine('pglite', { plan, config: { clientsMax: 20, streamsMax: 4 } });
  });
  afterAll(() => line.close());

  /** Opens a stream of events and leaves it open. */
  async function stream(token: string, killSignal: AbortSignal): Promise<[number, string]> {
    const input = encodeURIComponent(JSON.stringify({ project }));
    const response = await fetch(`${line.url}/trpc/event.stream?input=${input}`, {
      headers: { accept: 'text/event-stream', authorization: `Bearer ${token}` },
      signal: killSignal,
    });
    return [response.status, response.status === 200 ? '' : await response.text()];
  }

  it('gets so many streams as one principal, all principals together so many, and closed ones back', async () => {
    const abort = new AbortController();
    const owner = line.ownerToken();
    const other = await line.mint('agent:other');
    const third = await line.mint('agent:third');
    for (const token of [owner, owner]) expect(await stream(token, abort.signal)).toEqual([200, '']);
    const [status, body] = await stream(owner, abort.signal);
    expect([status, body]).toEqual([429, expect.stringContaining('request.streams')]);
    for (const { token } of [other, other]) expect(await stream(token, abort.signal)).toEqual([200, '']);
    const [full, why] = await stream(third.token, abort.signal);
    expect([full, why]).toEqual([503, expect.stringContaining('gateway.streams')]);
    abort.abort();
    const again = new AbortController();
    await waitUntil(async () => (await stream(third.token, again.signal))[0] === 200);
    again.abort();
  });

  it('is answered 503 on a connection too many, and served again when others have closed', async () => {
    const { port } = new URL(line.url);
    const sockets = Array.from({ length: 25 }, () => connect(Number(port), '127.0.0.1'));
    await Promise.all(sockets.map((socket) => new Promise((done) => socket.once('connect', done))));
    const ask = () => fetch(`${line.url}/livez`, { headers: { connection: 'close' } });
    await waitUntil(async () => {
      const answer = await ask();
      return answer.status === 503 && (await answer.text()).includes('request.connections');
    });
    for (const socket of sockets) socket.destroy();
    await waitUntil(async () => (await ask()).status === 200);
  });
});

describe('the metrics of a gateway', () => {
  const read = (url: string, headers: Record<string, string> = {}) => fetch(`${url}/metrics`, { headers });

  it('are for everybody on this machine, and for who shows a token beyond it', async () => {
    const near = await openLine('pglite', { plan });
    expect((await read(near.url)).status).toBe(200);
    for (const name of ['x-forwarded-for', 'forwarded', 'via', 'x-real-ip']) {
      const refused = await read(near.url, { [name]: '203.0.113.7' });
      expect(refused.status, name).toBe(401);
      expect(await refused.text()).toContain('token.missing');
      const authorization = `Bearer ${near.ownerToken()}`;
      expect((await read(near.url, { [name]: '203.0.113.7', authorization })).status).toBe(200);
    }
    await near.close();
  });

  it('are for who shows a token behind a proxy, and from another address of the machine', async () => {
    const behind = await openLine('pglite', { plan, config: { behindProxy: true, host: '0.0.0.0' } });
    expect((await read(behind.url)).status).toBe(401);
    expect((await read(behind.url, { authorization: 'Bearer eyJ' })).status).toBe(401);
    const authorization = `Bearer ${behind.ownerToken()}`;
    expect((await read(behind.url, { authorization })).status).toBe(200);
    await behind.close();
  });

  it('take an address for loopback only where it is', async () => {
    const tokens = { authenticate: () => Promise.reject(fail('token.missing', 'Authorization')) };
    const from = (remoteAddress: string) =>
      metricsRefusal({ socket: { remoteAddress }, headers: {} } as never, tokens, false);
    for (const near of ['127.0.0.1', '127.9.9.9', '::1', '::ffff:127.0.0.1'])
      expect(await from(near), near).toBeUndefined();
    for (const far of ['192.168.1.5', '::ffff:10.0.0.1', '2001:db8::1', '1127.0.0.1', ''])
      expect((await from(far))?.code, far).toBe('token.missing');
  });
});

import { spawn } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { request as requestHttp } from 'node:http';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { asAndonError } from '../../src/cli/refusal.ts';
import { createProofEndpoint, provenAuthorities } from '../../src/gateway/proof/endpoint.ts';
import { createProver, provenKey } from '../../src/gateway/proof/proof.ts';
import { builtMain, cleanEnvironment, cli, type Up, up } from '../support/cli.ts';
import { sourceRepository, startTestGateway, type TestGateway } from '../support/gateway.ts';
import { linkTo } from '../support/link.ts';
import { waitUntil } from '../support/wait.ts';

/** A foreign program at a port: keeps everything that it is sent, and answers as it likes. */
async function impostor(port: number, answer: (asked: string) => Promise<string> | string) {
  let heard = '';
  const sockets = new Set<Socket>();
  const server: Server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('data', async (chunk) => {
      heard += chunk.toString('latin1');
      socket.write(await answer(chunk.toString('latin1')));
    });
  });
  // The process before may still be ending.
  await waitUntil(
    () =>
      new Promise<boolean>((done) => {
        server.once('error', () => done(false));
        server.listen(port, '127.0.0.1', () => done(true));
      }),
  );
  return {
    port: (server.address() as { port: number }).port,
    heard: () => heard,
    close: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((done) => server.close(done));
    },
  };
}

const http = (body: string, status = '200 OK'): string =>
  `HTTP/1.1 ${status}\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`;

/** Forwards a request to a port unchanged, with another Host if one is named. */
const relay = (port: number, asked: string, host?: string): Promise<string> =>
  new Promise((done, reject) => {
    const [, path = '/'] = /^GET (\S+)/.exec(asked) ?? [];
    const [, given = ''] = /^host: *(\S+)/im.exec(asked) ?? [];
    const sent = requestHttp({ host: '127.0.0.1', port, path, headers: { host: host ?? given } }, (reply) => {
      let body = '';
      reply.on('data', (chunk) => (body += chunk)).on('end', () => done(http(body, `${reply.statusCode} x`)));
    });
    sent.once('error', reject).end();
  });

// A nonce is random text, and may hold the first letters of a token, but not a token.
const bearers = /authorization|bearer|eyJ[\w-]{10,}\.|password/i;

describe('whoever listens in the place of a gateway', () => {
  const home = mkdtempSync(join(tmpdir(), 'andon-impostor-'));
  const env = cleanEnvironment(home);
  let cwd: string;
  let running: Up | undefined;
  let port: number;
  let project: string;
  let mine: string;
  beforeAll(async () => {
    cwd = await sourceRepository({ 'README.md': '# shop\n' });
    await cli(['init'], { cwd, env });
    running = await up({ cwd, env }, '--no-runner');
    port = Number(new URL(running.ready.url).port);
    project = running.ready.project;
    mine = join(home, 'mine.token');
    const minted = await cli(
      ['token', 'mint', '--agent', 'agent:b', '--tier', 'implementer', '--out', mine],
      {
        cwd,
        env,
      },
    );
    expect(minted).toMatchObject({ exit: 0 });
    await running.end('SIGKILL');
  });
  afterAll(() => {
    for (const folder of [home, cwd]) rmSync(folder, { recursive: true, force: true });
  });
  let other: Awaited<ReturnType<typeof impostor>> | undefined;
  afterEach(async () => {
    await other?.close();
    other = undefined;
  });

  const byFile = () => ({
    ...env,
    ANDON_URL: `http://127.0.0.1:${port}`,
    ANDON_TOKEN_FILE: mine,
    ANDON_PROJECT: project,
  });
  const known = 'SHA256:';

  it('finds the key of the gateway beside a token that was minted, for its holder alone', () => {
    expect(readFileSync(`${mine}.gateway`, 'utf8').trim()).toMatch(/^SHA256:[A-Za-z0-9_-]{43}$/);
    expect(statSync(`${mine}.gateway`).mode & 0o777).toBe(0o600);
    // The file of the token is the bare token, for programs that take it as a password.
    expect(readFileSync(mine, 'utf8').trim()).toMatch(/^eyJ[A-Za-z0-9_.-]+$/);
  });

  it.each([
    ['status'],
    ['git', 'ls-remote', 'origin'],
    ['event', 'follow'],
    ['token', 'renew'],
    ['runner', '--name', 'x'],
  ])('gets no token from andon %s', async (...args) => {
    const key = createProver(generateKeyPairSync('ed25519').privateKey);
    // The impostor proves itself, with a key of its own.
    other = await impostor(port, (asked) => {
      const [, nonce = ''] = /nonce=([\w-]+)/.exec(asked) ?? [];
      return http(JSON.stringify(key.prove(nonce, `127.0.0.1:${port}`)));
    });
    for (const environment of [env, byFile()]) {
      const { exit, stderr } = await cli(args, { cwd, env: environment });
      expect(stderr).toContain('gateway.unproved');
      expect(exit).toBe(9);
    }
    expect(other.heard()).toMatch(/GET \/\.well-known\/andon-proof\?nonce=/);
    expect(other.heard()).not.toMatch(bearers);
  });

  it('gets no token from andon mcp, which answers the client', async () => {
    other = await impostor(port, () => http('{}'));
    const child = spawn(process.execPath, [builtMain(), 'mcp'], { cwd, env: byFile(), stdio: 'pipe' });
    const initialize = {
      jsonrpc: '2.0',
      id: 1,
      method: 'initialize',
      params: { protocolVersion: '2025-06-18', capabilities: {}, clientInfo: { name: 't', version: '1' } },
    };
    child.stdin.write(`${JSON.stringify(initialize)}\n`);
    const answer = await new Promise<string>((done) =>
      child.stdout.once('data', (chunk) => done(String(chunk))),
    );
    expect(answer).toContain('gateway.unproved');
    child.stdin.end();
    await new Promise((done) => child.once('close', done));
    expect(other.heard()).not.toMatch(bearers);
  });

  it('gets no token for an answer that is none: nonsense, a refusal, silence that hangs up', async () => {
    for (const answer of [
      http('{}'),
      http('', '404 Not Found'),
      'hello\r\n\r\n',
      http('x'.repeat(50_000)),
      http('[]'),
    ]) {
      other = await impostor(port, () => answer);
      const { exit, stderr } = await cli(['status'], { cwd, env });
      expect(stderr).toContain('gateway.unproved');
      expect(exit).toBe(9);
      expect(other.heard()).not.toMatch(bearers);
      await other.close();
    }
  });

  it('gets none by passing the question on to the gateway, which has another port by now', async () => {
    const again = await up({ cwd, env }, '--no-runner', '--port', '0');
    const now = Number(new URL(again.ready.url).port);
    expect(now).not.toBe(port);
    for (const host of [undefined, `127.0.0.1:${now}`]) {
      other = await impostor(port, (asked) => relay(now, asked, host));
      const { exit, stderr } = await cli(['status'], { cwd, env: byFile() });
      expect(stderr).toContain('gateway.unproved');
      expect(exit).toBe(9);
      expect(other.heard()).not.toMatch(bearers);
      await other.close();
    }
    // The gateway itself, at its new address and with its old key, is believed.
    const there = { ...byFile(), ANDON_URL: again.ready.url };
    expect((await cli(['token', 'explain'], { cwd, env: there })).exit).toBe(0);
    expect(
      (await cli(['token', 'explain'], { cwd, env: { ...there, ANDON_URL: `http://localhost:${now}` } }))
        .exit,
    ).toBe(0);
    await again.end();
  });

  it('is asked once for its key where none is known, which is told and kept; another key is refused then', async () => {
    const again = await up({ cwd, env }, '--no-runner', '--port', '0');
    const older = join(home, 'older.token');
    writeFileSync(older, readFileSync(mine), { mode: 0o600 });
    const there = { ...env, ANDON_URL: again.ready.url, ANDON_TOKEN_FILE: older, ANDON_PROJECT: project };
    const first = await cli(['token', 'explain'], { cwd: home, env: there });
    expect(first).toMatchObject({ exit: 0 });
    expect(first.stderr).toContain(`trusted from now on, kept in ${older}.gateway`);
    expect(readFileSync(`${older}.gateway`, 'utf8')).toBe(readFileSync(`${mine}.gateway`, 'utf8'));
    expect((await cli(['token', 'explain'], { cwd: home, env: there })).stderr).not.toContain(known);
    writeFileSync(`${older}.gateway`, `SHA256:${'A'.repeat(43)}\n`);
    const refused = await cli(['token', 'explain'], { cwd: home, env: there });
    expect(refused).toMatchObject({ exit: 9 });
    expect(refused.stderr).toContain(`limit SHA256:${'A'.repeat(43)}`);
    // A token without a file: the user's own list of gateways.
    const { ANDON_TOKEN_FILE: _file, ...bare } = there;
    const text = { ...bare, ANDON_TOKEN: readFileSync(mine, 'utf8').trim() };
    expect((await cli(['token', 'explain'], { cwd: home, env: text })).stderr).toContain('known-gateways');
    expect((await cli(['token', 'explain'], { cwd: home, env: text })).stderr).toBe('');
    const list = join(home, '.local/state/andon/known-gateways');
    expect(readFileSync(list, 'utf8')).toContain(`${again.ready.url} SHA256:`);
    const wrong = await cli(['token', 'explain'], {
      cwd,
      env: { ...text, ANDON_GATEWAY_KEY: `SHA256:${'B'.repeat(43)}` },
    });
    expect(wrong).toMatchObject({ exit: 9 });
    await again.end();
  });

  it('gets no token where the answer cannot be kept', async () => {
    const again = await up({ cwd, env }, '--no-runner', '--port', '0');
    const blocked = join(home, 'blocked');
    mkdirSync(blocked);
    writeFileSync(join(blocked, 'andon'), '');
    const text = {
      ...env,
      XDG_STATE_HOME: blocked,
      ANDON_URL: again.ready.url,
      ANDON_TOKEN: 'eyJ.x.y',
      ANDON_PROJECT: project,
    };
    const refused = await cli(['token', 'explain'], { cwd: home, env: text });
    expect(refused).toMatchObject({ exit: 9 });
    expect(refused.stderr).toContain('ANDON_GATEWAY_KEY=SHA256:');
    await again.end();
  });

  it('is named when it holds the port of the gateway, which never takes another in silence', async () => {
    other = await impostor(0, () => '');
    writeFileSync(join(cwd, '.andon/settings.json'), JSON.stringify({ port: other.port }));
    const { exit, stderr } = await cli(['up', '--no-runner'], { cwd, env });
    expect(exit).toBe(6);
    expect(stderr).toMatch(/gateway\.port/);
    if (existsSync('/proc/net/tcp')) expect(stderr).toContain(`process ${process.pid} (`);
  });
});

describe('a connection to a gateway', () => {
  let gateway: TestGateway;
  beforeAll(async () => {
    gateway = await startTestGateway('pglite');
  });
  afterAll(() => gateway?.close());

  const ask = async (path: string, headers: Record<string, string> = {}, at = gateway.url) => {
    const { hostname, port } = new URL(at);
    return new Promise<{ status: number; body: string }>((done, reject) => {
      const sent = requestHttp({ hostname, port, path, headers }, (reply) => {
        let body = '';
        reply
          .on('data', (chunk) => (body += chunk))
          .on('end', () => done({ status: reply.statusCode ?? 0, body }));
      });
      sent.once('error', reject).end();
    });
  };
  const nonce = 'n'.repeat(32);
  const path = `/.well-known/andon-proof?nonce=${nonce}`;

  it('is proved for the address that was asked and for no other', async () => {
    const { host, port } = new URL(gateway.url);
    const { status, body } = await ask(path);
    expect(status).toBe(200);
    const proof: unknown = JSON.parse(body);
    expect(provenKey(proof, nonce, host)).toBe(gateway.app.fingerprint);
    expect(provenKey(proof, nonce, `127.0.0.1:${Number(port) + 1}`)).toBeUndefined();
    expect(provenKey(proof, 'm'.repeat(32), host)).toBeUndefined();
    for (const other of [`127.0.0.1:${Number(port) + 1}`, `localhost:${port}`, `[::1]:${port}`, '127.0.0.1'])
      expect(await ask(path, { host: other }), other).toMatchObject({ status: 403 });
    for (const bad of ['', 'short', 'x'.repeat(65), '%0a'.repeat(30)])
      expect(await ask(`/.well-known/andon-proof?nonce=${bad}`), bad).toMatchObject({ status: 400 });
  });

  it('is proved for the addresses that an operator named', () => {
    const at = { address: '::ffff:127.0.0.1', port: 4870 };
    expect(provenAuthorities(at, ['andon.test', 'tunnel.test:8080', 'localhost', 'localhost:1'])).toEqual([
      '127.0.0.1:4870',
      'andon.test:4870',
      'andon.test:80',
      'andon.test:443',
      'tunnel.test:8080',
    ]);
  });

  it('is not proved without end: more than a thousand a second are answered 429', () => {
    let nowMs = 5_000;
    const prover = createProver(generateKeyPairSync('ed25519').privateKey);
    const answer = createProofEndpoint(prover, { hosts: [], isTls: false }, () => nowMs);
    const address = () => ({ address: '127.0.0.1', port: 80, family: 'IPv4' });
    const req = { method: 'GET', headers: { host: '127.0.0.1' }, socket: { address } } as never;
    const asked = () => answer(req, `nonce=${nonce}`);
    for (let n = 0; n < 1_000; n++) expect(asked()).toHaveProperty('signature');
    expect(asked()).toMatchObject({ code: 'request.rate', status: 429 });
    nowMs += 1_000;
    expect(asked()).toHaveProperty('signature');
  });

  it('that a client has is of no use to whoever takes the port afterwards', async () => {
    const second = await startTestGateway('pglite');
    const link = linkTo(second.url, second.ownerToken(), '*');
    await link.client.project.list.query({});
    await second.close();
    const other = await impostor(Number(new URL(second.url).port), (asked) =>
      relay(Number(new URL(gateway.url).port), asked),
    );
    // The first call may yet go out on the connection that the gateway has just closed.
    await waitUntil(async () => {
      const error = await link.client.project.list.query({}).then(
        () => undefined,
        (caught: unknown) => asAndonError(caught),
      );
      expect(['gateway.unproved', 'gateway.unreachable']).toContain(error?.code);
      return error?.code === 'gateway.unproved';
    });
    expect(other.heard()).not.toMatch(bearers);
    await other.close();
  });

  it('keeps the key of the gateway over a restart, for its owner alone', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'andon-identity-'));
    const first = await startTestGateway('pglite', { folder });
    await first.close();
    const again = await startTestGateway('pglite', { folder });
    expect(again.app.fingerprint).toBe(first.app.fingerprint);
    await again.close();
    const file = join(folder, 'state/keys/identity.json');
    expect(statSync(file).mode & 0o777).toBe(0o600);
    chmodSync(file, 0o644);
    await expect(startTestGateway('pglite', { folder })).rejects.toMatchObject({ code: 'key.exposed' });
    rmSync(folder, { recursive: true, force: true });
  });
});

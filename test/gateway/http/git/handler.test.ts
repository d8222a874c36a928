import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { findLeftovers } from '../../../../src/git/locks.ts';
import { fail } from '../../../../src/lib/errors.ts';
import { branch, commit, git, must, startServer, type TestServer } from '../../../support/git-server.ts';

let server: TestServer;
let work: string;
let main: string;
let count = 0;
const fresh = (): string => `refs/heads/task/cart/1/b${count++}`;

beforeAll(async () => {
  server = await startServer({ timeoutMs: 60_000 });
  work = await server.clone('work');
  main = await must(work, ['rev-parse', 'origin/main']);
});
afterAll(() => server.close());
beforeEach(async () => {
  await must(work, ['reset', '-q', '--hard', main]);
  server.requests.length = 0;
  server.outcomes.length = 0;
});

const header = (name: string): unknown[] => server.requests.map((req) => req.headers[name]);

test('a commit inside the scope is pushed and nothing else moves', async () => {
  const before = await server.refs();
  const oid = await commit(work, { 'src/cart/add.ts': 'export const add = 2;\n' });
  await must(work, ['push', '-q', 'origin', `HEAD:${branch}`]);
  expect((await server.refs()).split('\n').sort()).toEqual(
    [...before.split('\n'), `refs/heads/${branch} ${oid}`].sort(),
  );
  expect(server.outcomes.at(-1)?.report?.moved).toEqual([`refs/heads/${branch}`]);
});

test('a refusal names every reason and the next step, and leaves no object behind', async () => {
  const oid = await commit(
    work,
    { 'src/pay/charge.ts': 'export const charge = 0;\n' },
    'x\n\nAndon-Audit: evt',
  );
  const { code, err } = await git(work, ['push', 'origin', `HEAD:${fresh()}`]);
  expect(code).toBe(1);
  const said = err
    .split('\n')
    .filter((line) => line.startsWith('remote: '))
    .map((line) => line.slice(8).trimEnd());
  expect(said).toEqual([
    `andon: refused task/cart/1/b0 (2 reasons)`,
    `  push.trailer  ${oid}  Andon-Audit: evt`,
    `  scope.write   src/pay/charge.ts                         outside src/cart/**, test/cart/**`,
    expect.stringMatching(/^next: remove the trailer from the message; leave the path out, .*; push again$/),
  ]);
  expect((await git(server.repository.gitDir, ['cat-file', '-e', oid])).code).not.toBe(0);
  expect(await findLeftovers(server.repository.gitDir)).toEqual([]);
});

test.each(['0', '1', '2'])('clone and fetch work with protocol version %s', async (version) => {
  const clone = await server.clone(`v${version}`, '-c', `protocol.version=${version}`);
  await commit(work, { 'src/cart/v.ts': `${version}\n` });
  const ref = fresh();
  await must(work, ['push', '-q', 'origin', `HEAD:${ref}`]);
  await must(clone, ['-c', `protocol.version=${version}`, 'fetch', '-q', 'origin', ref]);
  expect(await must(clone, ['show', 'FETCH_HEAD:src/cart/v.ts'])).toBe(version);
  if (version === '2') expect(header('git-protocol')).toContain('version=2');
});

test('a chunked push goes through', async () => {
  await commit(work, { 'src/cart/big.bin': randomBytes(300_000) });
  await must(work, ['-c', 'http.postBuffer=65536', 'push', '-q', 'origin', `HEAD:${fresh()}`]);
  expect(header('transfer-encoding')).toContain('chunked');
});

test('a gzipped request is inflated, and only up to a limit', async () => {
  const small = await postGzip(Buffer.from('0014command=ls-refs\n00010000'));
  expect([small.status, await small.text()]).toEqual([200, expect.stringContaining('refs/heads/main')]);
  const lines = Buffer.alloc(64 * 1024 * 1024, '001bref-prefix refs/heads/\n');
  const bomb = await postGzip(Buffer.concat([Buffer.from('0014command=ls-refs\n0001'), lines]));
  expect([bomb.status, await bomb.text()]).toEqual([403, expect.stringContaining('push.size')]);
});

function postGzip(body: Buffer): Promise<Response> {
  const { origin, pathname } = new URL(server.url);
  return fetch(`${origin}${pathname}/git-upload-pack`, {
    method: 'POST',
    headers: {
      authorization: `Basic ${Buffer.from('agent:good').toString('base64')}`,
      'content-type': 'application/x-git-upload-pack-request',
      'content-encoding': 'gzip',
      'git-protocol': 'version=2',
    },
    body: new Uint8Array(gzipSync(body)),
  });
}

test('a shallow clone can be worked in and pushed from', async () => {
  const clone = await server.clone('shallow', '--depth=1');
  const oid = await commit(clone, { 'src/cart/s.ts': '1\n' });
  const ref = fresh();
  await must(clone, ['push', '-q', 'origin', `HEAD:${ref}`]);
  expect(await server.refs()).toContain(`${ref} ${oid}`);
});

test('a partial clone fetches what it needs later', async () => {
  const clone = await server.clone('partial', '--filter=blob:none', '--no-checkout');
  expect(await must(clone, ['show', 'HEAD:README.md'])).toBe('a shop');
});

test('a push of 100 MB streams through', async () => {
  await commit(
    work,
    Object.fromEntries([1, 2].map((i) => [`src/cart/${i}.bin`, randomBytes(50 * 1024 * 1024)])),
  );
  const before = process.memoryUsage().rss;
  const ref = fresh();
  await must(work, ['-c', 'core.compression=0', 'push', '-q', 'origin', `HEAD:${ref}`]);
  expect(process.memoryUsage().rss - before).toBeLessThan(80 * 1024 * 1024);
  expect(await server.refs()).toContain(ref);
});

test('merging main, another landed branch and an approved dependency passes', async () => {
  const landed = await commit(work, { 'src/pay/other.ts': 'by another agent\n' });
  await must(work, ['reset', '-q', '--hard', main]);
  const dependency = await commit(work, { 'docs/dep.md': 'approved\n' });
  await must(work, [
    'push',
    '-q',
    server.repository.gitDir,
    `${landed}:refs/heads/main`,
    `${dependency}:refs/heads/dep`,
  ]);
  server.dependencies.push(dependency);
  await must(work, ['reset', '-q', '--hard', main]);
  await commit(work, { 'src/cart/m.ts': '1\n' });
  await must(work, ['merge', '-q', '-m', 'm1', landed]);
  await commit(work, { 'src/cart/m.ts': '2\n' });
  await must(work, ['merge', '-q', '-m', 'm2', dependency]);
  await must(work, ['push', '-q', 'origin', `HEAD:${fresh()}`]);
  // The same merge with one byte more outside the scope does not.
  await must(work, ['commit', '-q', '--amend', '--allow-empty', '-m', 'm2']);
  await commit(work, { 'docs/dep.md': 'approved by me\n' });
  expect((await git(work, ['push', 'origin', `HEAD:${fresh()}`])).err).toContain('docs/dep.md');
  server.dependencies.length = 0;
  await server.land(main);
});

test('conflicts between accepted work may be resolved inside the scope and not outside', async () => {
  const files = (text: string) => ({ 'src/cart/add.ts': `${text}\n` });
  const one = await commit(work, files('one'));
  await must(work, ['reset', '-q', '--hard', main]);
  const two = await commit(work, files('two'));
  await must(work, ['reset', '-q', '--hard', main]);
  const three = await commit(work, { 'README.md': 'three\n' });
  await must(work, ['reset', '-q', '--hard', main]);
  const four = await commit(work, { 'README.md': 'four\n' });
  const gitDir = server.repository.gitDir;
  await must(work, [
    'push',
    '-q',
    gitDir,
    `${one}:refs/heads/d1`,
    `${two}:refs/heads/d2`,
    `${three}:refs/heads/d3`,
    `${four}:refs/heads/d4`,
  ]);
  server.dependencies.push(one, two, three, four);
  const join = async (a: string, b: string, resolved: Record<string, string>): Promise<string> => {
    await must(work, ['reset', '-q', '--hard', a]);
    await git(work, ['merge', '-q', b]);
    await commit(work, resolved, 'resolved');
    return (await git(work, ['push', 'origin', `HEAD:${fresh()}`])).err;
  };
  expect(await join(one, two, files('both'))).not.toContain('refused');
  expect(await join(three, four, { 'README.md': 'both\n' })).toContain('frame.conflict');
  server.dependencies.length = 0;
});

test('without a token the client is asked for one, with a wrong one it is told why', async () => {
  const bare = server.url.replace('agent:good@', '');
  const answer = await fetch(`${bare}/info/refs?service=git-upload-pack`);
  expect([answer.status, answer.headers.get('www-authenticate')]).toEqual([
    401,
    'Basic realm="andon", charset="UTF-8"',
  ]);
  expect(answer.headers.get('content-type')).toContain('text/plain');
  const wrong = await git(work, ['ls-remote', server.url.replace('good', 'bad')]);
  expect(wrong.err).toContain('remote: andon: grant.action');
});

test.each([
  ['another path', 'GET', '/git/shop.git/HEAD', 404],
  ['a path that climbs', 'GET', '/git/..%2fshop.git/info/refs?service=git-upload-pack', 404],
  ['the dumb protocol', 'GET', '/git/shop.git/info/refs', 400],
  ['another service', 'GET', '/git/shop.git/info/refs?service=git-shell', 400],
  ['another method', 'DELETE', '/git/shop.git/git-upload-pack', 405],
  ['an unknown project', 'GET', '/git/nope.git/info/refs?service=git-upload-pack', 404],
])('%s is answered in plain text', async (_what, method, path, status) => {
  const { origin } = new URL(server.url);
  const authorization = `Basic ${Buffer.from('agent:good').toString('base64')}`;
  const answer = await fetch(origin + path, { method, headers: { authorization } });
  expect([answer.status, (await answer.text()).startsWith('andon: ')]).toEqual([status, true]);
});

test('a form of a web page is refused by its type', async () => {
  const { origin, pathname } = new URL(server.url);
  const authorization = `Basic ${Buffer.from('agent:good').toString('base64')}`;
  const form = { method: 'POST', headers: { authorization }, body: new URLSearchParams({ a: '0000' }) };
  const answer = await fetch(`${origin}${pathname}/git-receive-pack`, form);
  expect([answer.status, await answer.text()]).toEqual([
    400,
    expect.stringContaining('x-www-form-urlencoded'),
  ]);
});

test.each([
  ['throws', async () => Promise.reject(new Error('boom')), 'internal'],
  ['refuses by an error', async () => Promise.reject(fail('lease.lost', 'cart')), 'lease.lost'],
])('a judge that %s refuses the push', async (_what, judge, code) => {
  const before = await server.refs();
  await commit(work, { 'src/cart/j.ts': '1\n' });
  server.judge = judge;
  const { err } = await git(work, ['push', 'origin', `HEAD:${fresh()}`]);
  server.judge = undefined;
  expect(err).toContain(`remote:   ${code}`);
  expect(await server.refs()).toBe(before);
  server.troubles.length = 0;
});

test('a pusher that goes away while it is judged aborts the judge and moves nothing', async () => {
  const before = await server.refs();
  await commit(work, { 'src/cart/k.ts': '1\n' });
  const judged = new Promise<void>((resolve) => {
    server.judge = (push) =>
      new Promise((answer) => {
        push.abort.addEventListener('abort', () => {
          resolve();
          answer({ ok: true });
        });
        client.kill('SIGKILL');
      });
  });
  const client = spawn('git', ['push', '-q', 'origin', `HEAD:${fresh()}`], {
    cwd: work,
    detached: true,
    stdio: 'ignore',
  });
  const pid = client.pid ?? 0;
  client.kill = () => process.kill(-pid, 'SIGKILL');
  await judged;
  server.judge = undefined;
  while (server.outcomes.at(-1)?.request?.step !== 'serve')
    await new Promise((resolve) => setImmediate(resolve));
  expect(await server.refs()).toBe(before);
});

test('a hook that is started by anybody else refuses', async () => {
  const hook = join(server.folder, 'hooks/pre-receive');
  expect(statSync(hook).mode & 0o777).toBe(0o700);
  expect(readFileSync(hook, 'utf8')).not.toContain('node');
  await must(server.folder, ['init', '-q', '--bare', 'other.git']);
  await commit(work, { 'src/cart/o.ts': '1\n' });
  await must(join(server.folder, 'other.git'), ['config', 'core.hooksPath', join(server.folder, 'hooks')]);
  const { code, err } = await git(work, ['push', join(server.folder, 'other.git'), 'HEAD:refs/heads/x']);
  expect([code, err]).toEqual([1, expect.stringContaining('cannot be asked')]);
  expect(existsSync(join(server.folder, 'other.git/refs/heads/x'))).toBe(false);
});

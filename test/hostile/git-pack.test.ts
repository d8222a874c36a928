import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { createDeflate, deflateSync } from 'node:zlib';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { findLeftovers } from '../../src/git/locks.ts';
import { forgeDelta, forgePack, forgeTree, type Packed, pushRaw } from '../support/forge.ts';
import { branch, commit, git, must, startServer, type TestServer } from '../support/git-server.ts';

const megabyte = 1024 * 1024;
const ref = `refs/heads/${branch}`;
let server: TestServer;
let work: string;
let main: string;
let before: string;

beforeAll(async () => {
  server = await startServer({ pushBytesMax: 8 * megabyte });
  work = await server.clone('work');
  main = await must(work, ['rev-parse', 'origin/main']);
});
afterAll(() => server.close());
beforeEach(async () => {
  before = await server.refs();
  await must(work, ['reset', '-q', '--hard', main]);
});

async function unchanged(): Promise<void> {
  expect(await server.refs()).toBe(before);
  // Nothing is left in quarantine, and the gateway still serves.
  expect(await findLeftovers(server.repository.gitDir)).toEqual([]);
  await must(work, ['ls-remote', 'origin']);
}

const commitOn = (tree: string): Buffer =>
  Buffer.from(`tree ${tree}\nparent ${main}\nauthor a <a@b.c> 1 +0000\ncommitter a <a@b.c> 1 +0000\n\nx\n`);
const oidOf = (type: string, bytes: Buffer): string =>
  createHash('sha1').update(`${type} ${bytes.length}\0`).update(bytes).digest('hex');
const packed = (type: 1 | 2 | 3, bytes: Buffer): Packed => ({
  type,
  bytes: bytes.length,
  data: deflateSync(bytes),
});

/** A pack of one commit that adds `src/cart/<name>` with a blob that may be too large to be held here. */
async function packAround(blobOid: string, blobs: readonly Packed[]): Promise<{ pack: Buffer; tip: string }> {
  const raw = (entries: [string, string, string][]): Buffer =>
    Buffer.concat(
      entries.flatMap(([mode, name, oid]) => [Buffer.from(`${mode} ${name}\0`), Buffer.from(oid, 'hex')]),
    );
  const add = await must(work, ['rev-parse', `${main}:src/cart/add.ts`]);
  const cart = raw([
    ['100644', 'add.ts', add],
    ['100644', 'huge', blobOid],
  ]);
  const src = raw([
    ['40000', 'cart', oidOf('tree', cart)],
    ['40000', 'pay', await must(work, ['rev-parse', `${main}:src/pay`])],
  ]);
  const root = raw([
    ['100644', 'README.md', await must(work, ['rev-parse', `${main}:README.md`])],
    ['40000', 'secret', await must(work, ['rev-parse', `${main}:secret`])],
    ['40000', 'src', oidOf('tree', src)],
  ]);
  const tip = commitOn(oidOf('tree', root));
  const pack = forgePack([...blobs, packed(2, cart), packed(2, src), packed(2, root), packed(1, tip)]);
  return { pack, tip: oidOf('commit', tip) };
}

/** Zeros, which take a thousandth of their size in a pack. */
async function zeros(megabytes: number): Promise<{ oid: string; blob: Packed }> {
  const bytes = megabytes * megabyte;
  const chunk = Buffer.alloc(megabyte);
  const hash = createHash('sha1').update(`blob ${bytes}\0`);
  const deflate = createDeflate({ level: 1 });
  const parts: Buffer[] = [];
  deflate.on('data', (part: Buffer) => parts.push(part));
  for (let i = 0; i < megabytes; i++) {
    hash.update(chunk);
    if (!deflate.write(chunk)) await new Promise((resolve) => deflate.once('drain', resolve));
  }
  const ended = once(deflate, 'end');
  deflate.end();
  await ended;
  return { oid: hash.digest('hex'), blob: { type: 3, bytes, data: Buffer.concat(parts) } };
}

/** Highest resident memory in bytes of any process below this one, watched until `done`. */
async function watchMemory(done: Promise<unknown>): Promise<number> {
  let over = false;
  let peak = 0;
  void done.finally(() => {
    over = true;
  });
  while (!over) {
    for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
      peak = Math.max(peak, residentGit(pid));
    }
    await new Promise((resolve) => setImmediate(resolve));
  }
  return peak;
}

function residentGit(pid: string): number {
  try {
    if (!readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('index-pack')) return 0;
    // Anonymous memory only: a mapped pack belongs to the page cache.
    return Number(/RssAnon:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) * 1024;
  } catch {
    return 0;
  }
}

test.each([1024, 300])(
  'a blob of %d MB in a small pack costs no memory and is refused by size',
  async (megabytes) => {
    const { oid, blob } = await zeros(megabytes);
    const { pack, tip } = await packAround(oid, [blob]);
    const pushed = pushRaw(server.url, ref, tip, pack);
    const peak = await watchMemory(pushed);
    expect((await pushed).text).toContain('tree.size');
    expect(peak).toBeLessThan(256 * megabyte);
    await unchanged();
  },
);

test('a delta that unfolds to one gigabyte is refused before it is unfolded', async () => {
  const base = Buffer.alloc(65_536, 'x');
  const bytes = 1024 * megabyte;
  const delta: Packed = { ...forgeDelta(base.length, bytes), base: oidOf('blob', base) };
  const { pack, tip } = await packAround('1'.repeat(40), [packed(3, base), delta]);
  const pushed = pushRaw(server.url, ref, tip, pack);
  const peak = await watchMemory(pushed);
  expect((await pushed).text).toMatch(/push\.object .* attempting to allocate/);
  expect(peak).toBeLessThan(256 * megabyte);
  await unchanged();
});

test('a blob that claims one gigabyte and holds ten bytes', async () => {
  const { pack, tip } = await packAround('1'.repeat(40), [
    { type: 3, bytes: 1024 * megabyte, data: deflateSync(Buffer.alloc(10)) },
  ]);
  expect((await pushRaw(server.url, ref, tip, pack)).text).toContain('push.object');
  await unchanged();
});

test('a pack cut off in the middle, one with a wrong checksum and one of noise', async () => {
  const { pack, tip } = await packAround('1'.repeat(40), [packed(3, Buffer.from('x'))]);
  const wrong = Buffer.from(pack);
  wrong[wrong.length - 1] = (wrong.at(-1) ?? 0) ^ 1;
  for (const bad of [
    pack.subarray(0, pack.length / 2),
    wrong,
    Buffer.from('PACKnoise'),
    Buffer.alloc(4096, 7),
  ]) {
    const { text } = await pushRaw(server.url, ref, tip, bad);
    expect(text).toContain('push.object');
    await unchanged();
  }
});

test('a pack whose commit names objects that nobody has', async () => {
  const { pack, tip } = await packAround('1'.repeat(40), []);
  expect((await pushRaw(server.url, ref, tip, pack)).text).toContain('push.object');
  const tree = await forgeTree(work, []);
  expect(
    (await pushRaw(server.url, ref, '2'.repeat(40), forgePack([packed(1, commitOn(tree))]))).text,
  ).toContain('push.object');
  await unchanged();
});

test('a file that is a folder by mode only', async () => {
  const { pack, tip } = await packAround(await must(work, ['rev-parse', `${main}:src/pay`]), []);
  const { text } = await pushRaw(server.url, ref, tip, pack);
  expect(text).toContain('push.object');
  await unchanged();
});

test('a push over the limit for bytes', async () => {
  await commit(work, { 'src/cart/noise.bin': randomBytes(10 * megabyte) });
  const { code, err } = await git(work, ['push', 'origin', `HEAD:${ref}`]);
  expect([code, err]).toEqual([1, expect.stringContaining('push.size')]);
  await unchanged();
});

test('a request that is over every limit is cut off', async () => {
  const { status, text } = await pushRaw(server.url, ref, main, Buffer.alloc(40 * megabyte)).catch(() => ({
    status: 403,
    text: '',
  }));
  expect(status === 403 || text.includes('push.')).toBe(true);
  await unchanged();
});

test('ref lines that are none', async () => {
  for (const bad of [
    'refs/heads/../x',
    'refs/heads/task/cart/1/a b',
    'HEAD',
    'refs/heads/task/cart/1/x.lock',
    'refs/heads/task/cart/1/\u001b[2J',
  ]) {
    const { text } = await pushRaw(server.url, bad, main, forgePack([]));
    expect(text).not.toContain(`ok ${bad}`);
    await unchanged();
  }
});

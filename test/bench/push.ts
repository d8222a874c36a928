import { execFile, spawn } from 'node:child_process';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { diffTrees } from '../../src/git/objects/diff.ts';
import { createObjectReader } from '../../src/git/objects/reader.ts';
import { createTreeCache } from '../../src/git/objects/tree-cache.ts';
import { receiveConfig } from '../../src/git/settings.ts';
import { commit, must, startServer, type TestServer } from '../support/git-server.ts';
import { median, timed } from './support/figures.ts';
import { type BenchRow, type BenchTable, runWhenMain } from './support/table.ts';

const rounds = 15;
const commits = 100;

/** 5,000 files in 100 folders, of which the scope of the test judge covers some. */
function manyFiles(): Record<string, string> {
  const rows = Array.from({ length: 5_000 }, (_, i) => [
    `src/d${i % 100}/f${i}.ts`,
    `export const f = ${i};\n`,
  ]);
  return { ...Object.fromEntries(rows), 'src/cart/add.ts': 'export const add = 1;\n' };
}

/** The smallest server that works: `git http-backend` with the fsync and fsck settings that Andon uses, no judge. */
async function startPeer(gitDir: string): Promise<{ url: string; close(): void }> {
  const config = Object.entries({
    ...receiveConfig('/dev/null'),
    'core.fsync': 'all',
    'http.receivepack': 'true',
    'receive.autogc': 'false',
  }).filter(([key]) => !key.endsWith('unpackLimit'));
  const env: Record<string, string> = {
    PATH: process.env.PATH ?? '',
    GIT_PROJECT_ROOT: gitDir,
    GIT_HTTP_EXPORT_ALL: '1',
    GIT_CONFIG_COUNT: String(config.length),
  };
  config.forEach(([key, value], i) => {
    env[`GIT_CONFIG_KEY_${i}`] = key;
    env[`GIT_CONFIG_VALUE_${i}`] = value;
  });
  const server = createServer((req, res) => {
    const { pathname, search } = new URL(req.url ?? '/', 'http://x');
    const { headers } = req;
    const child = spawn('git', ['http-backend'], {
      env: {
        ...env,
        PATH_INFO: pathname,
        QUERY_STRING: search.slice(1),
        REQUEST_METHOD: req.method ?? '',
        CONTENT_TYPE: headers['content-type'] ?? '',
        ...(headers['content-length'] && { CONTENT_LENGTH: headers['content-length'] }),
        ...(headers['content-encoding'] && { HTTP_CONTENT_ENCODING: headers['content-encoding'] }),
        GIT_PROTOCOL: String(headers['git-protocol'] ?? ''),
      },
    });
    req.pipe(child.stdin);
    let head: Buffer | undefined = Buffer.alloc(0);
    child.stdout.on('data', (chunk: Buffer) => {
      if (head === undefined) {
        res.write(chunk);
        return;
      }
      head = Buffer.concat([head, chunk]);
      const end = head.indexOf('\r\n\r\n');
      if (end < 0) return;
      const rows = head
        .toString('latin1', 0, end)
        .split('\r\n')
        .map((line) => line.split(': ') as [string, string]);
      const status = rows.find(([name]) => name === 'Status')?.[1];
      res.writeHead(
        Number(status?.slice(0, 3) ?? 200),
        Object.fromEntries(rows.filter(([name]) => name !== 'Status')),
      );
      res.write(head.subarray(end + 4));
      head = undefined;
    });
    child.stdout.on('end', () => res.end());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`, close: () => server.close() };
}

async function benchPush(server: TestServer): Promise<BenchRow[]> {
  const work = await server.clone('work');
  await must(server.folder, ['clone', '-q', '--bare', server.repository.gitDir, 'peer.git']);
  const peer = await startPeer(join(server.folder, 'peer.git'));
  const ours: number[] = [];
  const theirs: number[] = [];
  for (let round = -2; round < rounds; round++) {
    await commit(work, { 'src/cart/add.ts': `export const add = ${round};\n` });
    const ref = 'HEAD:refs/heads/task/cart/1/work';
    const both = [
      async () => ours.push(await timed(() => must(work, ['push', '-q', server.url, ref]))),
      async () => theirs.push(await timed(() => must(work, ['push', '-q', peer.url, ref]))),
    ];
    for (const one of round % 2 === 0 ? both : both.reverse()) await one();
  }
  peer.close();
  // The first two rounds warm up.
  const [andon, bare] = [median(ours.slice(2)), median(theirs.slice(2))];
  const ratio = andon / bare;
  return [
    { what: 'minimal server around git http-backend, no judge', value: `${bare.toFixed(1)} ms` },
    {
      what: 'Andon: every commit judged',
      value: `${andon.toFixed(1)} ms`,
      ratio: `${ratio.toFixed(2)}×`,
      goal: '≤ 2×',
      ok: ratio <= 2,
    },
  ];
}

async function benchFacts(server: TestServer): Promise<BenchRow[]> {
  const work = join(server.folder, 'work');
  const gitDir = join(work, '.git');
  for (let i = 0; i < commits; i++)
    await commit(work, { [`src/d${i % 100}/f${i}.ts`]: `export const f = -${i};\n` });
  const log = (
    await must(join(server.folder, 'work'), ['rev-list', `--max-count=${commits + 1}`, 'HEAD'])
  ).split('\n');
  const reader = createObjectReader({ runner: server.runner, gitDir, trees: createTreeCache() });
  const run = promisify(execFile);
  const pairs = log
    .slice(0, commits)
    .map((tip, i) => ({ tip, base: log[i + 1] ?? '' }))
    .reverse();
  const spawned = async ({ tip, base }: { tip: string; base: string }): Promise<unknown> =>
    run('git', ['diff-tree', '-r', '-z', '--no-renames', '--raw', base, tip], { cwd: gitDir });
  const walked = async ({ tip, base }: { tip: string; base: string }): Promise<void> => {
    const [from, to] = await Promise.all([reader.commit(base), reader.commit(tip)]);
    const { changes } = await diffTrees(reader, from.tree, to.tree, 20_000);
    await Promise.all(changes.map(({ newOid }) => reader.info(newOid ?? '')));
  };
  const small = await medianOf(pairs, spawned);
  const facts = await medianOf(pairs, walked);
  // A gateway is not small; the price of a direct spawn is measured at the size of a busy one.
  const ballast = Buffer.alloc(ballastBytes, 1);
  const large = await medianOf(pairs.slice(0, 30), spawned);
  await reader.close();
  const ratio = (peer: number): string => `1/${(peer / facts).toFixed(0)}`;
  const megabytes = Math.round((process.memoryUsage().rss + ballast.length - ballastBytes) / 1024 / 1024);
  return [
    { what: 'facts of a commit: tree walk over git cat-file', value: `${facts.toFixed(2)} ms` },
    {
      what: 'git diff-tree, spawned from a small process',
      value: `${small.toFixed(2)} ms`,
      ratio: ratio(small),
    },
    {
      what: `git diff-tree, spawned from a process of ${megabytes} MB`,
      value: `${large.toFixed(2)} ms`,
      ratio: ratio(large),
      goal: '1/10',
      ok: large / facts >= 10,
    },
  ];
}

const ballastBytes = 320 * 1024 * 1024;

async function medianOf<T>(items: readonly T[], work: (item: T) => Promise<unknown>): Promise<number> {
  const times: number[] = [];
  for (const item of items) times.push(await timed(() => work(item)));
  return median(times);
}

/** A push of one commit on 5,000 files, and the facts of one commit, each beside its peer in the same run. */
export async function run(): Promise<BenchTable> {
  const server = await startServer({ files: manyFiles() });
  try {
    const push = await benchPush(server);
    return { title: 'git push on 5,000 files', rows: [...push, ...(await benchFacts(server))] };
  } finally {
    await server.close();
  }
}

await runWhenMain(import.meta.url, run);

import { execFile, spawn } from 'node:child_process';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { diffTrees } from '../../src/git/objects/diff.ts';
import { createObjectReader } from '../../src/git/objects/reader.ts';
import { createTreeCache } from '../../src/git/objects/tree-cache.ts';
import { receiveConfig } from '../../src/git/settings.ts';
import { commit, must, startServer, type TestServer } from '../support/git-server.ts';

interface BenchRow {
  what: string;
  value: string;
  ratio?: string;
  goal?: string;
  ok?: boolean;
}

const rounds = 15;
const commits = 100;
const median = (times: readonly number[]): number =>
  [...times].sort((a, b) => a - b)[Math.floor(times.length / 2)] ?? 0;

async function timed(work: () => Promise<unknown>): Promise<number> {
  const started = performance.now();
  await work();
  return performance.now() - started;
}

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
  const ours: number[] = [];
  const theirs: number[] = [];
  for (let i = commits - 1; i >= 0; i--) {
    const [tip = '', base = ''] = [log[i], log[i + 1]];
    theirs.push(
      await timed(() =>
        run('git', ['diff-tree', '-r', '-z', '--no-renames', '--raw', base, tip], { cwd: gitDir }),
      ),
    );
    ours.push(
      await timed(async () => {
        const [from, to] = await Promise.all([reader.commit(base), reader.commit(tip)]);
        const { changes } = await diffTrees(reader, from.tree, to.tree, 20_000);
        await Promise.all(changes.map(({ newOid }) => reader.info(newOid ?? '')));
      }),
    );
  }
  await reader.close();
  const [andon, bare] = [median(ours), median(theirs)];
  const ratio = bare / andon;
  return [
    { what: 'git diff-tree, spawned', value: `${bare.toFixed(2)} ms` },
    {
      what: 'facts of a commit',
      value: `${andon.toFixed(2)} ms`,
      ratio: `1/${ratio.toFixed(0)}`,
      goal: '1/10',
      ok: ratio >= 10,
    },
  ];
}

/** A push of one commit on 5,000 files, and the facts of one commit, each beside its peer in the same run. */
export async function run(): Promise<{ title: string; rows: BenchRow[] }> {
  const server = await startServer({ files: manyFiles() });
  try {
    const push = await benchPush(server);
    return { title: 'git push on 5,000 files', rows: [...push, ...(await benchFacts(server))] };
  } finally {
    await server.close();
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const { title, rows } = await run();
  console.log(title);
  console.table(rows);
}

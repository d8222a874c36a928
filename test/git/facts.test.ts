import { randomInt } from 'node:crypto';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { changedFiles } from '../../src/git/changed-files.ts';
import { pushFacts } from '../../src/git/facts.ts';
import { createFactsCache } from '../../src/git/facts-cache.ts';
import { listChanges } from '../../src/git/list-files.ts';
import { diffTrees } from '../../src/git/objects/diff.ts';
import { createObjectReader, type ObjectReader } from '../../src/git/objects/reader.ts';
import { createTreeCache } from '../../src/git/objects/tree-cache.ts';
import { renamesBetween } from '../../src/git/renames.ts';
import { forgeTree } from '../support/forge.ts';
import { commit, must, startServer, type TestServer } from '../support/git-server.ts';

let server: TestServer;
let reader: ObjectReader;
let work: string;
let gitDir: string;
let main: string;

beforeAll(async () => {
  server = await startServer();
  work = await server.clone('work');
  gitDir = join(work, '.git');
  reader = createObjectReader({ runner: server.runner, gitDir });
  main = await must(work, ['rev-parse', 'HEAD']);
});
afterAll(async () => {
  await reader.close();
  await server.close();
});
const factsOf = (tip: string, accepted: string[]) =>
  pushFacts({ runner: server.runner, gitDir, reader, tip, accepted });

test('the walk finds exactly what `git diff-tree -r --no-renames` finds, on random trees', async () => {
  const seed = Number(process.env.SEED ?? randomInt(1e9));
  console.log(`seed ${seed}`);
  let state = seed;
  const next = (max: number): number => {
    state = (state * 1103515245 + 12345) % 2147483648;
    return Math.floor((state / 2147483648) * max);
  };
  const blobs = await Promise.all(
    ['1', '2', '3'].map((text) => must(work, ['hash-object', '-w', '--stdin'], text)),
  );
  const grow = async (depth: number): Promise<string> => {
    const names = ['a', 'a.b', 'a-b', 'ab', 'é', 'z z'].filter(() => next(3) > 0);
    const rows = await Promise.all(
      names.map(async (name) => {
        if (depth > 0 && next(2) === 0) return { mode: '40000', name, oid: await grow(depth - 1) };
        return { mode: next(4) === 0 ? '100755' : '100644', name, oid: blobs[next(3)] ?? '' };
      }),
    );
    const filled = rows.length > 0 ? rows : [{ mode: '100644', name: 'only', oid: blobs[0] ?? '' }];
    const rank = (row: { mode: string; name: string }) =>
      Buffer.from(row.name + (row.mode === '40000' ? '/' : '\0'));
    return forgeTree(
      work,
      filled.sort((x, y) => Buffer.compare(rank(x), rank(y))),
    );
  };
  for (let round = 0; round < 12; round++) {
    const [from, to] = [await grow(2), await grow(2)];
    const raw = (await must(work, ['diff-tree', '-r', '-z', '--no-renames', '--raw', from, to])).split('\0');
    const expected: string[] = [];
    for (let i = 0; i + 1 < raw.length; i += 2) {
      const [oldMode = '', newMode = '', oldOid = '', newOid = ''] = (raw[i] ?? '').slice(1).split(' ');
      expected.push([raw[i + 1], oldMode, newMode, oldOid, newOid].join(' '));
    }
    const none = '0'.repeat(40);
    const { changes, oddities } = await diffTrees(reader, from, to, 10_000);
    const actual = changes.map((c) =>
      [c.path, c.oldMode ?? '000000', c.newMode ?? '000000', c.oldOid ?? none, c.newOid ?? none].join(' '),
    );
    // A file that becomes a folder, or the reverse, is one deletion and additions in both.
    expect(actual.sort()).toEqual(expected.sort());
    expect(oddities).toEqual([]);
  }
});

test('what git never writes is reported as odd', async () => {
  const oid = await must(work, ['hash-object', '-w', '--stdin'], 'x');
  const empty = await forgeTree(work, []);
  const blob = (name: string) => ({ mode: '100644', name, oid });
  const kinds = async (...entries: { mode: string; name: string; oid: string }[]) => {
    const { oddities } = await diffTrees(reader, undefined, await forgeTree(work, entries), 100);
    return oddities.map(({ kind }) => kind);
  };
  expect(await kinds(blob('b'), blob('a'))).toEqual(['unsorted']);
  expect(await kinds(blob('a'), blob('a'))).toEqual(['duplicate']);
  expect(await kinds(blob('a/b'))).toEqual(['slash']);
  expect(await kinds({ mode: '40000', name: 'd', oid: empty })).toEqual(['empty']);
  expect(await kinds({ mode: '040000', name: 'd', oid: await forgeTree(work, [blob('x')]) })).toEqual([
    'mode',
  ]);
});

test('a walk ends at its limit for paths', async () => {
  const { excess } = await diffTrees(reader, undefined, await must(work, ['rev-parse', `${main}^{tree}`]), 3);
  expect(excess).toEqual({ what: 'paths', limit: 3 });
});

test('a push of more commits than are judged at once has an excess and no facts', async () => {
  const who = 'committer a <a@b.c> 1 +0000\ndata 1\nx\n';
  const rows = Array.from(
    { length: 2_001 },
    (_, i) => `commit refs/heads/many\n${who}${i === 0 ? `from ${main}\n\n` : '\n'}`,
  );
  await must(work, ['fast-import', '--quiet'], rows.join(''));
  const many = await must(work, ['rev-parse', 'many']);
  expect(await factsOf(many, [main])).toMatchObject({
    commits: [],
    excess: { what: 'commits', limit: 2_000 },
  });
  expect((await factsOf(await must(work, ['rev-parse', 'many~1']), [main])).commits).toHaveLength(2_000);
});

test('a file by mode that is a folder by content has no facts', async () => {
  const tree = await forgeTree(work, [
    { mode: '100644', name: 'f', oid: await must(work, ['rev-parse', `${main}:src`]) },
  ]);
  const tip = await must(work, ['commit-tree', tree, '-p', main, '-m', 'x']);
  await expect(factsOf(tip, [main])).rejects.toMatchObject({ code: 'push.object' });
});

test('facts name accepted ancestors, base tree, sizes, and come parents first', async () => {
  await must(work, ['reset', '-q', '--hard', main]);
  const one = await commit(work, { 'src/cart/one.ts': '12345' });
  rmSync(join(work, 'src/cart/one.ts'));
  const two = await commit(work, { 'src/cart/two.ts': '1' });
  const { commits } = await factsOf(two, [main]);
  expect(commits.map(({ oid }) => oid)).toEqual([one, two]);
  expect(commits[0]).toMatchObject({
    accepted: [main],
    baseTree: await must(work, ['rev-parse', `${main}^{tree}`]),
  });
  expect(commits[0]?.changes).toMatchObject([{ path: 'src/cart/one.ts', bytes: 5 }]);
  // A path that one commit added and the next took away is no difference to accepted work.
  expect(commits[1]?.changes.map(({ path }) => path)).toEqual(['src/cart/two.ts']);
  expect((await factsOf(two, [two])).commits).toEqual([]);
  expect((await factsOf(two, [one])).commits[0]?.changes.map(({ path }) => path)).toEqual([
    'src/cart/one.ts',
    'src/cart/two.ts',
  ]);
});

test('three accepted heads are merged one after the other', async () => {
  const heads: string[] = [];
  for (const name of ['x', 'y', 'z']) {
    await must(work, ['reset', '-q', '--hard', main]);
    heads.push(await commit(work, { [`docs/${name}.md`]: name }));
  }
  await must(work, ['reset', '-q', '--hard', heads[0] ?? '']);
  await must(work, ['merge', '-q', '-m', 'm', ...heads.slice(1)]);
  const { commits } = await factsOf(await must(work, ['rev-parse', 'HEAD']), [main, ...heads]);
  expect(commits).toHaveLength(1);
  expect(commits[0]).toMatchObject({ accepted: [...heads].sort(), conflicts: [], changes: [] });
});

test('cached facts are found again for the same accepted work and not for other', async () => {
  await must(work, ['reset', '-q', '--hard', main]);
  const first = await commit(work, { 'a.md': '1' });
  const tip = await commit(work, { 'b.md': '1' });
  const cache = createFactsCache();
  const ask = (accepted: string[]) =>
    pushFacts({ runner: server.runner, gitDir, reader, tip, accepted, cache });
  const once = await ask([main]);
  expect((await ask([main])).commits[0]).toBe(once.commits[0]);
  expect((await ask([first])).commits[0]).not.toEqual(once.commits[1]);
});

test('changed files come with both contents, within their limits', async () => {
  await must(work, ['reset', '-q', '--hard', main]);
  const tip = await commit(work, {
    'src/cart/add.ts': 'new\n',
    'src/cart/big.ts': 'x'.repeat(1000),
    'note.md': 'n',
  });
  const facts = (await factsOf(tip, [main])).commits.at(-1);
  if (facts === undefined) throw new Error('no facts');
  const files = await changedFiles(facts, reader, {
    wants: (path) => path.endsWith('.ts'),
    fileBytesMax: 500,
    totalBytesMax: 10_000,
  });
  expect(files).toEqual([
    { path: 'src/cart/add.ts', before: Buffer.from('export const add = 1;\n'), after: Buffer.from('new\n') },
    { path: 'src/cart/big.ts', tooLarge: 1000 },
  ]);
});

test('a file that git shows as renamed comes with the content of its old path, a deleted one with its content', async () => {
  await must(work, ['reset', '-q', '--hard', main]);
  const rows = Array.from({ length: 20 }, (_, at) => `row ${at}\n`).join('');
  const base = await commit(work, { 'src/old.ts': rows, 'src/gone.ts': 'gone\n' });
  await must(work, ['mv', 'src/old.ts', 'src/new.ts']);
  await must(work, ['rm', '-q', 'src/gone.ts']);
  const tip = await commit(work, { 'src/new.ts': rows.replace('row 7', 'line 7') });
  const facts = (await factsOf(tip, [base])).commits.at(-1);
  if (facts?.baseTree === undefined) throw new Error('no facts');
  const { baseTree, tree } = facts;
  const read = (renames?: () => Promise<ReadonlyMap<string, string>>) =>
    changedFiles(facts, reader, {
      wants: () => true,
      ...(renames && { renames }),
      fileBytesMax: 5_000,
      totalBytesMax: 10_000,
    });
  const after = Buffer.from(rows.replace('row 7', 'line 7'));
  const gone = { path: 'src/gone.ts', before: Buffer.from('gone\n') };
  const renames = () => renamesBetween({ runner: server.runner, gitDir }, baseTree, tree);
  expect(await read(renames)).toEqual([
    gone,
    { path: 'src/new.ts', from: 'src/old.ts', before: Buffer.from(rows), after },
  ]);
  expect(await listChanges({ runner: server.runner, gitDir }, base, tip)).toEqual([
    { path: 'src/gone.ts', before: expect.stringMatching(/^[0-9a-f]{40}$/) },
    {
      path: 'src/new.ts',
      from: 'src/old.ts',
      before: await must(work, ['rev-parse', `${base}:src/old.ts`]),
      after: await must(work, ['rev-parse', `${tip}:src/new.ts`]),
    },
  ]);
  expect(await read()).toEqual([
    gone,
    { path: 'src/new.ts', after },
    { path: 'src/old.ts', before: Buffer.from(rows) },
  ]);
});

test('a reader answers in order, refuses what is too large or no id, and lives on after its process died', async () => {
  const other = createObjectReader({ runner: server.runner, gitDir, trees: createTreeCache(10) });
  const blob = await must(work, ['hash-object', '-w', '--stdin'], 'x'.repeat(100_000));
  const [info, missing, commitRead, text] = await Promise.all([
    other.info(blob),
    other.info('1'.repeat(40)),
    other.commit(main),
    other.read(blob, 'blob', 200_000),
  ]);
  expect([info, missing, commitRead.parents, text.length]).toEqual([
    { type: 'blob', bytes: 100_000 },
    undefined,
    [],
    100_000,
  ]);
  await expect(other.read(blob, 'blob', 10)).rejects.toMatchObject({ code: 'tree.size' });
  await expect(other.read(blob, 'tree', 200_000)).rejects.toMatchObject({ code: 'push.object' });
  await expect(other.info(`${main}\ncontents ${main}`)).rejects.toMatchObject({ code: 'push.object' });
  await expect(other.info('HEAD')).rejects.toMatchObject({ code: 'push.object' });
  await other.close();
  expect((await other.info(blob))?.bytes).toBe(100_000);
  await other.close();
});

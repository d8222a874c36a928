import { expect, test } from 'vitest';
import type { CommitFacts, PushFacts } from '../../src/policies/facts.ts';
import { refReasons } from '../../src/policies/refs.ts';
import { treeReasons } from '../../src/policies/tree.ts';

const facts = (more: Partial<CommitFacts>): PushFacts => ({
  tip: 'c'.repeat(40),
  acceptedAny: true,
  commits: [
    {
      oid: 'c'.repeat(40),
      parents: [],
      tree: 'd'.repeat(40),
      accepted: [],
      conflicts: [],
      changes: [],
      oddities: [],
      twins: [],
      ...more,
    },
  ],
});
const codes = (more: Partial<CommitFacts>): string[] =>
  treeReasons(facts(more), { blobBytesMax: 100 }).map(({ code }) => code);
const added = (path: string, newMode = '100644', bytes = 1) => ({ changes: [{ path, newMode, bytes }] });

test.each([
  ['src/a.ts', '100644', []],
  ['src/run', '100755', []],
  ['src/é', '100644', []],
  ['src/link', '120000', ['tree.symlink']],
  ['src/sub', '160000', ['tree.gitlink']],
  ['src/odd', '100664', ['tree.mode']],
  ['src/odd', '0100644', ['tree.mode']],
  ['src/.GIT/x', '100644', ['tree.name']],
  ['src/../x', '100644', ['tree.name']],
  ['src/\ufffd', '100644', ['tree.name']],
])('an added `%s` of mode %s gives %j', (path, mode, expected) => {
  expect(codes(added(path, mode))).toEqual(expected);
});

test('a deletion of an ill-named path mends the tree and is no fault of it', () => {
  expect(codes({ changes: [{ path: 'a\\b', oldMode: '120000' }] })).toEqual([]);
});

test('a blob over the limit names its size', () => {
  expect(treeReasons(facts(added('a', '100644', 101)), { blobBytesMax: 100 })).toMatchObject([
    { code: 'tree.size', found: 101, limit: 100 },
  ]);
});

test('twins and oddities keep their codes', () => {
  const kinds = ['unsorted', 'duplicate', 'empty', 'slash', 'mode'] as const;
  const oddities = kinds.map((kind) => ({ kind, path: kind, found: 'x' }));
  expect(codes({ oddities, twins: [['A', 'a']] })).toEqual([
    'tree.order',
    'tree.order',
    'tree.order',
    'tree.name',
    'tree.mode',
    'tree.twin',
  ]);
});

test('a prefix matches what is below it and nothing beside it', () => {
  const create = (ref: string) =>
    refReasons([{ ref, kind: 'create', forward: true, type: 'commit' }], ['refs/heads/task/a/1/']).length;
  expect(create('refs/heads/task/a/1/x')).toBe(0);
  for (const ref of ['refs/heads/task/a/1/', 'refs/heads/task/a/10/x', 'refs/heads/main', 'refs/tags/v'])
    expect(create(ref)).toBe(1);
  expect(
    refReasons(
      [{ ref: 'refs/heads/mainly', kind: 'create', forward: true, type: 'commit' }],
      ['refs/heads/main'],
    ),
  ).toHaveLength(1);
});

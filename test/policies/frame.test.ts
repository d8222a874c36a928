import { expect, test } from 'vitest';
import type { CommitFacts, PathChange, PushFacts, TreeScope } from '../../src/policies/facts.ts';
import { frameReasons } from '../../src/policies/frame.ts';

const oid = (digit: string): string => digit.repeat(40);
const changed = (path: string, more: Partial<PathChange> = {}): PathChange => ({
  path,
  oldMode: '100644',
  newMode: '100644',
  ...more,
});
const removed = (path: string): PathChange => ({ path, oldMode: '100644' });
const commit = (more: Partial<CommitFacts> = {}): CommitFacts => ({
  oid: oid('c'),
  parents: [oid('a')],
  tree: oid('d'),
  accepted: [oid('a')],
  conflicts: [],
  changes: [],
  oddities: [],
  twins: [],
  ...more,
});
const push = (...commits: CommitFacts[]): PushFacts => ({ tip: oid('c'), commits, acceptedAny: true });
const scope: TreeScope = {
  writable: (path) => path.startsWith('in/'),
  mayDelete: false,
  protectedBy: () => undefined,
  words: 'in/**',
};
const found = (facts: PushFacts, at: TreeScope = scope): string[] =>
  frameReasons(facts, at).map(({ code, subject }) => `${code} ${subject}`);

test('changes inside the scope are no reason', () => {
  expect(found(push(commit({ changes: [changed('in/a'), { path: 'in/b', newMode: '100644' }] })))).toEqual(
    [],
  );
});

test('a path outside is named once, for the first commit that touches it', () => {
  const twice = commit({ changes: [changed('out')] });
  const merge = commit({ parents: [oid('a'), oid('b')], changes: [changed('out'), changed('more')] });
  expect(found(push(twice, twice, merge))).toEqual(['scope.write out', 'frame.merge more']);
});

test('of several commits the one at fault is named, and the way back to where they began', () => {
  const first = commit({ oid: oid('1'), changes: [changed('out')] });
  const taken = commit({ oid: oid('2'), changes: [] });
  const [reason] = frameReasons(push(first, taken), scope);
  expect(reason).toMatchObject({ found: `outside in/**, in commit ${'1'.repeat(12)}` });
  expect(reason?.next).toContain(`git reset --soft ${'a'.repeat(12)}`);
  const [alone] = frameReasons(push(first), scope);
  expect(alone).toMatchObject({ found: 'outside in/**' });
});

test('a deletion inside needs the right to delete, one outside the right to write', () => {
  const facts = push(commit({ changes: [removed('in/a'), removed('out')] }));
  expect(found(facts)).toEqual(['scope.delete in/a', 'scope.write out']);
  expect(found(facts, { ...scope, mayDelete: true })).toEqual(['scope.write out']);
});

test('conflicts count outside the scope only', () => {
  expect(found(push(commit({ conflicts: ['in/a', 'out'] })))).toEqual(['frame.conflict out']);
});

test('a root commit is a fault only once something is accepted', () => {
  const root = commit({ parents: [], accepted: [], changes: [changed('in/a')] });
  expect(found(push(root))).toEqual([`frame.merge ${oid('c')}`]);
  expect(found({ ...push(root), acceptedAny: false })).toEqual([]);
});

test('a trailer, an opaque encoding and an excess are reasons by themselves', () => {
  const facts = {
    ...push(commit({ trailer: 'Andon-Audit: x', encoding: 'UTF-7' })),
    excess: { what: 'paths', limit: 9 },
  } as const;
  expect(found(facts)).toEqual([
    `push.size ${oid('c')}`,
    `push.trailer ${oid('c')}`,
    `push.object ${oid('c')}`,
  ]);
});

test('beyond fifty of one code the rest is counted', () => {
  const reasons = frameReasons(
    push(commit({ changes: Array.from({ length: 60 }, (_, i) => changed(`o${i}`)) })),
    scope,
  );
  expect([reasons.length, reasons.at(-1)?.subject]).toEqual([51, '10 more']);
});

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { buildCandidate, commitCandidate, dropCandidate, keepCandidate } from '../../src/git/candidate.ts';
import { findLeftovers, sweepLocks } from '../../src/git/locks.ts';
import {
  bumpFence,
  candidateRef,
  listRefs,
  moveRef,
  moveUnfenced,
  type RefPlace,
  readFence,
  readRef,
} from '../../src/git/refs.ts';
import { commit, must, startServer, type TestServer } from '../support/git-server.ts';

let server: TestServer;
let place: RefPlace;
let work: string;
let main: string;
const ref = 'refs/heads/main';

beforeAll(async () => {
  server = await startServer();
  place = { runner: server.runner, gitDir: server.repository.gitDir };
  work = await server.clone('work');
  main = await must(work, ['rev-parse', 'HEAD']);
});
afterAll(() => server.close());

const identity = { name: 'andon', email: 'andon@localhost' };
async function landable(file: string, text: string): Promise<string> {
  await must(work, ['reset', '-q', '--hard', main]);
  const oid = await commit(work, { [file]: text });
  await must(work, ['push', '-q', '-f', server.repository.gitDir, `HEAD:refs/heads/keep/${oid}`]);
  return oid;
}
const fence = async (): Promise<string> => (await bumpFence(place, await readFence(place))) ?? 'none';

test('a landing moves main once, and not from another value than the caller saw', async () => {
  const oid = await landable('src/cart/1.ts', '1\n');
  const held = await fence();
  expect(await moveRef(place, { ref, from: main, to: oid }, held)).toBe('moved');
  expect(await moveRef(place, { ref, from: main, to: oid }, held)).toBe('lost');
  expect(await readRef(place, ref)).toBe(oid);
  await server.land(main);
});

test('a landing with an old fence never moves main, in any order of a race', async () => {
  const oid = await landable('src/cart/2.ts', '2\n');
  for (let round = 0; round < 20; round++) {
    const old = await fence();
    // The sleeper holds `old`; another takes over while it lands.
    const [sleeper, taken] = await Promise.all([
      moveRef(place, { ref, from: main, to: oid }, old),
      bumpFence(place, old),
    ]);
    const late = await moveRef(place, { ref, from: (await readRef(place, ref)) ?? '', to: main }, old);
    expect(taken).not.toBe(undefined);
    expect(late).toBe('lost');
    expect(await readRef(place, ref)).toBe(sleeper === 'moved' ? oid : main);
    await server.land(main);
  }
});

test('of many that bump one fence, one wins', async () => {
  const from = await readFence(place);
  const won = await Promise.all(
    Array.from({ length: 8 }, () => bumpFence(place, from).catch(() => undefined)),
  );
  expect(won.filter((oid) => oid !== undefined)).toEqual([await readFence(place)]);
});

/** The same place, whose runner does something after the first transaction that a lock has stopped. */
function afterFirstBusy(then: () => unknown): RefPlace {
  let isDone = false;
  const run: RefPlace['runner']['run'] = async (args, options) => {
    const ran = await place.runner.run(args, options);
    if (isDone || args[0] !== 'update-ref') return ran;
    isDone = true;
    expect(ran.stderr).toContain('.lock');
    await then();
    return ran;
  };
  return { ...place, runner: Object.assign(Object.create(place.runner), { run }) };
}

function lockOf(name: string): string {
  const file = join(place.gitDir, `${name}.lock`);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, '');
  return file;
}

test('a lock is waited for, with a fence and without, and named where it stays', async () => {
  const name = candidateRef('chg_locked');
  const held = await fence();
  for (const locked of ['refs/andon/fence', name]) {
    const lock = lockOf(locked);
    const waiting = afterFirstBusy(() => rmSync(lock));
    expect(await moveRef(waiting, { ref: name, to: main }, held)).toBe('moved');
    await dropCandidate(place, 'chg_locked');
  }
  const file = lockOf(name);
  await keepCandidate(
    afterFirstBusy(() => rmSync(file)),
    'chg_locked',
    main,
  );
  expect(await readRef(place, name)).toBe(main);
  lockOf(name);
  const stays = { code: 'git.busy', reasons: [{ subject: name }] };
  await Promise.all([
    expect(moveRef(place, { ref: name, from: main }, held)).rejects.toMatchObject(stays),
    expect(dropCandidate(place, 'chg_locked')).rejects.toMatchObject(stays),
  ]);
  rmSync(file);
  const packed = join(place.gitDir, 'packed-refs.lock');
  await must(place.gitDir, ['pack-refs', '--all']);
  writeFileSync(packed, '');
  await expect(moveRef(place, { ref: name, from: main }, held)).rejects.toMatchObject({ code: 'git.busy' });
  rmSync(packed);
  await dropCandidate(place, 'chg_locked');
});

test('a landing that waited for a lock moves nothing once the fence was raised or main moved meanwhile', async () => {
  const oid = await landable('src/cart/6.ts', '6\n');
  const other = await landable('src/cart/7.ts', '7\n');
  const held = await fence();
  const freed = lockOf('refs/andon/fence');
  const overtaken = afterFirstBusy(async () => {
    rmSync(freed);
    expect(await bumpFence(place, held)).not.toBe(undefined);
  });
  expect(await moveRef(overtaken, { ref, from: main, to: oid }, held)).toBe('lost');
  const unlocked = lockOf(ref);
  const passed = afterFirstBusy(async () => {
    rmSync(unlocked);
    await server.land(other);
  });
  expect(await moveRef(passed, { ref, from: main, to: oid }, await fence())).toBe('lost');
  expect(await readRef(place, ref)).toBe(other);
  await server.land(main);
});

test('a ref is created only where there is none, and listed and deleted', async () => {
  const name = 'refs/heads/task/a/1/x';
  expect(await moveUnfenced(place, { ref: name, to: main })).toBe('moved');
  expect(await moveUnfenced(place, { ref: name, to: main })).toBe('lost');
  expect(await listRefs(place, 'refs/heads/task/a')).toEqual(new Map([[name, main]]));
  expect(await moveUnfenced(place, { ref: name, from: main })).toBe('moved');
  expect(await readRef(place, name)).toBe(undefined);
});

test('a candidate merges cleanly, is the same for the same inputs, and is kept and let go', async () => {
  const mine = await landable('src/cart/3.ts', '3\n');
  const theirs = await landable('src/pay/4.ts', '4\n');
  const built = await buildCandidate(place, theirs, mine);
  if (!built.ok) throw new Error('conflict');
  expect(await must(place.gitDir, ['ls-tree', '-r', '--name-only', built.tree])).toContain(
    'src/cart/3.ts\nsrc/pay/4.ts'.split('\n')[0],
  );
  const make = () =>
    commitCandidate(place, {
      parents: [theirs, mine],
      tree: built.tree,
      message: 'land\n\nAndon-Audit: evt_1\n',
      identity,
      date: '1790000000 +0000',
    });
  const oid = await make();
  expect(await make()).toBe(oid);
  expect(
    await must(place.gitDir, ['log', '-1', '--format=%P %(trailers:key=Andon-Audit,valueonly)', oid]),
  ).toBe(`${theirs} ${mine} evt_1`);
  await keepCandidate(place, 'chg_1', theirs);
  await keepCandidate(place, 'chg_1', oid);
  expect(await readRef(place, candidateRef('chg_1'))).toBe(oid);
  await dropCandidate(place, 'chg_1');
  expect(await readRef(place, candidateRef('chg_1'))).toBe(undefined);
});

test('a candidate that conflicts names the paths', async () => {
  const mine = await landable('src/cart/add.ts', 'mine\n');
  const theirs = await landable('src/cart/add.ts', 'theirs\n');
  expect(await buildCandidate(place, theirs, mine)).toEqual({ ok: false, conflicts: ['src/cart/add.ts'] });
});

test('a stale lock blocks a landing until it is swept', async () => {
  const oid = await landable('src/cart/5.ts', '5\n');
  const held = await fence();
  const lock = join(place.gitDir, `${ref}.lock`);
  writeFileSync(lock, '');
  mkdirSync(join(place.gitDir, 'objects/tmp_objdir-incoming-x'));
  // A folder of refs may be called what folders of loose objects are called.
  mkdirSync(join(place.gitDir, 'refs/heads/ab'), { recursive: true });
  writeFileSync(join(place.gitDir, 'refs/heads/ab/x.lock'), '');
  const young = await sweepLocks(place.gitDir, { nowMs: Date.now() });
  expect(young.removed).toEqual([]);
  await expect(moveRef(place, { ref, from: main, to: oid }, held)).rejects.toMatchObject({
    code: 'git.busy',
  });
  const { removed } = await sweepLocks(place.gitDir, { nowMs: Date.now() + 10_000 });
  expect(removed).toHaveLength(3);
  expect(await moveRef(place, { ref, from: main, to: oid }, held)).toBe('moved');
  await server.land(main);
});

test('a lock is left alone while a git works in the repository', async () => {
  const lock = join(place.gitDir, `${ref}.lock`);
  writeFileSync(lock, '');
  utimesSync(lock, 1, 1);
  const other = spawn('git', ['update-ref', '--stdin'], {
    cwd: place.gitDir,
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  other.stdin.write('start\n');
  await once(other.stdout, 'data');
  expect((await sweepLocks(place.gitDir, { nowMs: Date.now() })).kept).toEqual([lock]);
  other.kill('SIGKILL');
  await once(other, 'exit');
  expect((await sweepLocks(place.gitDir, { nowMs: Date.now() })).removed).toEqual([lock]);
  expect(await findLeftovers(place.gitDir)).toEqual([]);
});

test('what landers killed at random leave behind is swept, and main is what was acknowledged', async () => {
  const oids = [await landable('src/cart/6.ts', '6\n'), await landable('src/cart/7.ts', '7\n')];
  let at = main;
  for (let round = 0; round < 30; round++) {
    const to = oids[round % 2] ?? main;
    const lander = spawn('git', ['update-ref', '--stdin'], {
      cwd: place.gitDir,
      stdio: ['pipe', 'pipe', 'ignore'],
    });
    let said = '';
    lander.stdout.on('data', (text) => {
      said += text;
    });
    lander.stdin.on('error', () => undefined);
    lander.stdin.write(`start\nupdate ${ref} ${to} ${at}\nprepare\ncommit\n`);
    const ended = once(lander, 'exit');
    for (let turn = 0; turn < round * 40; turn++) await new Promise((resolve) => setImmediate(resolve));
    lander.kill('SIGKILL');
    await ended;
    await sweepLocks(place.gitDir, { nowMs: Date.now() + 10_000 });
    const now = await readRef(place, ref);
    expect([at, to]).toContain(now);
    if (said.includes('commit: ok')) expect(now).toBe(to);
    at = now ?? '';
  }
  expect(await findLeftovers(place.gitDir)).toEqual([]);
  expect(await moveRef(place, { ref, from: at, to: main }, await fence())).toBe('moved');
});

import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { AndonError, fail } from '../lib/errors.ts';
import type { Oid } from '../policies/facts.ts';
import { isOid } from './objects/oid.ts';
import type { GitRunner } from './runner.ts';

const fenceRef = 'refs/andon/fence';
/** The ref that keeps the candidate of a change. */
export const candidateRef = (change: string): string => `refs/andon/candidates/${change}`;

/** The repository whose refs are read or moved. */
export interface RefPlace {
  readonly runner: GitRunner;
  readonly gitDir: string;
}

/** A move of one ref. */
export interface RefMove {
  readonly ref: string;
  /** Value before the move; absent when the ref must not exist yet. */
  readonly from?: Oid;
  /** Value after the move; absent when the ref is deleted. */
  readonly to?: Oid;
}

/** The commit or object a ref names, or undefined when there is no such ref. */
export async function readRef({ runner, gitDir }: RefPlace, ref: string): Promise<Oid | undefined> {
  const { code, stdout } = await runner.run(['rev-parse', '--verify', '--quiet', '--end-of-options', ref], {
    gitDir,
  });
  const oid = stdout.toString('latin1').trim();
  return code === 0 && isOid(oid) ? oid : undefined;
}

/** Every ref below a prefix with the object it names. */
export async function listRefs({ runner, gitDir }: RefPlace, prefix: string): Promise<Map<string, Oid>> {
  const output = await runner.must(['for-each-ref', '--format=%(objectname) %(refname)', prefix], { gitDir });
  const rows = output
    .toString('utf8')
    .split('\n')
    .filter((line) => line !== '');
  return new Map(rows.map((line) => [line.slice(line.indexOf(' ') + 1), line.slice(0, line.indexOf(' '))]));
}

/**
 * Moves one ref from the value that the caller saw, while the fence is the caller's. git holds both in one
 * transaction (git-update-ref, --stdin), so a process that slept through a takeover moves nothing when it
 * wakes. Waits for a lock as `moveUnfenced` does, and compares both again at each try. Answers `moved`, or `lost` when
 * ref or fence had another value; rejects with `git.busy` when another git keeps a lock, and with `git.failed` on any
 * other failure.
 */
export const moveRef = (place: RefPlace, move: RefMove, fence: Oid): Promise<'moved' | 'lost'> =>
  transactInTurn(place, [`verify ${fenceRef}\0${fence}\0`, moveCommand(move)]);

/**
 * Moves a ref as `moveRef` does, without a fence, for refs that no landing depends on, such as a kept
 * candidate. Waits for a lock, up to five seconds: the lock of a killed git is swept when it is two seconds
 * old.
 */
export const moveUnfenced = (place: RefPlace, move: RefMove): Promise<'moved' | 'lost'> =>
  transactInTurn(place, [moveCommand(move)]);

const lockMsMax = 5_000;
const lockTriesMs = 250;

/** Tries a transaction until no other git has a lock that it needs. git by itself waits for a tenth of a second. */
async function transactInTurn(place: RefPlace, commands: readonly string[]): Promise<'moved' | 'lost'> {
  const endMs = performance.now() + lockMsMax;
  for (;;) {
    try {
      return await transact(place, commands);
    } catch (error) {
      const mayPass = error instanceof AndonError && error.code === 'git.busy' && performance.now() < endMs;
      if (!mayPass) throw error;
    }
    await delay(lockTriesMs);
  }
}

const nowhere = '0'.repeat(40);

function moveCommand({ ref, from, to }: RefMove): string {
  if (to === undefined) return `delete ${ref}\0${from ?? ''}\0`;
  return `update ${ref}\0${to}\0${from ?? nowhere.padEnd(to.length, '0')}\0`;
}

async function transact(
  { runner, gitDir }: RefPlace,
  commands: readonly string[],
): Promise<'moved' | 'lost'> {
  const stdin = ['start\0', ...commands, 'prepare\0', 'commit\0'].join('');
  const { code, stderr } = await runner.run(['update-ref', '--stdin', '-z'], { gitDir, stdin });
  if (code === 0) return 'moved';
  // "is at … but expected …", "reference already exists", "unable to resolve reference": the ref has another
  // value than the caller saw.
  if (/but expected|already exists|unable to resolve reference/.test(stderr) && !stderr.includes('.lock'))
    return 'lost';
  const locked = lockedRef(stderr);
  if (locked !== undefined) throw fail('git.busy', locked, { found: 'a lock of another git' });
  throw fail('git.failed', 'git update-ref', { found: stderr.trim().slice(-300) });
}

/**
 * The file that git could not lock, because another git holds it or a killed one held it: a ref, or
 * `packed-refs`; undefined for other messages of git.
 */
export function lockedRef(stderr: string): string | undefined {
  const file = /Unable to create '[^']*?([^'/]+)\.lock': File exists/.exec(stderr)?.[1];
  return file && (/cannot lock ref '([^']+)'/.exec(stderr)?.[1] ?? file);
}

/** The present fence of a repository; undefined before the first landing. */
export const readFence = (place: RefPlace): Promise<Oid | undefined> => readRef(place, fenceRef);

/**
 * Takes the right to land: after this call, every landing that holds an older fence is `lost`. Answers the
 * new fence, or undefined when another process took the right since `from` was read.
 */
export async function bumpFence(place: RefPlace, from: Oid | undefined): Promise<Oid | undefined> {
  const { runner, gitDir } = place;
  const blob = await runner.must(['hash-object', '-w', '--stdin'], {
    gitDir,
    stdin: `andon fence ${randomUUID()}\n`,
  });
  const to = blob.toString('latin1').trim();
  const moved = await moveUnfenced(place, { ref: fenceRef, to, ...(from !== undefined && { from }) });
  return moved === 'moved' ? to : undefined;
}

const fenceTriesMax = 50;

/** Takes the right to land from whoever has it; answers the new fence. Errors: `git.busy`. */
export async function raiseFence(place: RefPlace, project: string): Promise<Oid> {
  // Another process may raise the fence in between; a ref that cannot be read at all never moves.
  for (let tries = 0; tries < fenceTriesMax; tries++) {
    const raised = await bumpFence(place, await readFence(place));
    if (raised !== undefined) return raised;
  }
  throw fail('git.busy', project, {
    found: `the fence of landings did not move in ${fenceTriesMax} tries`,
  });
}

/** True when `ancestor` is reachable from `commit`. */
export async function isAncestor(
  { runner, gitDir, env }: RefPlace & { readonly env?: Readonly<Record<string, string>> },
  ancestor: Oid,
  commit: Oid,
): Promise<boolean> {
  const args = ['merge-base', '--is-ancestor', ancestor, commit];
  const { code, stderr } = await runner.run(args, { gitDir, ...(env !== undefined && { env }) });
  if (code > 1) throw fail('git.failed', 'git merge-base', { found: stderr.trim().slice(-300) });
  return code === 0;
}

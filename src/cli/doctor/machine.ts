import { existsSync } from 'node:fs';
import { lstat, readdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { leftTemporary } from '../../git/temporary.ts';
import { containmentWords } from '../../sandbox/containment-words.ts';
import { gateBases } from '../../sandbox/gate-room.ts';
import { leftName } from '../../sandbox/remove-tree.ts';
import { findContainment } from '../../sandbox/sandbox.ts';
import { roomBytes } from '../../store/disk-room.ts';
import { runGit } from '../check/git.ts';
import type { World } from '../world.ts';
import { type Finding, fault, note, ok } from './finding.ts';

const gitFloor: readonly [number, number] = [2, 38];
const nodeFloor: readonly [number, number] = [20, 19];

const isBelow = ([major, minor]: readonly number[], [a, b]: readonly [number, number]): boolean =>
  (major ?? 0) < a || ((major ?? 0) === a && (minor ?? 0) < b);

const numbers = (text: string): number[] => (/(\d+)\.(\d+)/.exec(text)?.slice(1) ?? []).map(Number);

/** Examines the programs of this machine: Node, git, bubblewrap. */
export async function examineMachine({ cwd, env }: World): Promise<Finding[]> {
  return [nodeFinding(process.version), await gitFinding(cwd), sandboxFinding(env.PATH ?? '')];
}

/** A note where no line is: everything else is then found about nothing. */
export function examineData(dataFolder: string, databaseUrl: string | undefined): Finding[] {
  if (databaseUrl !== undefined || existsSync(dataFolder)) return [];
  return [
    note('data', dataFolder, 'not there', 'name the folder of the line with --data, or make one: andon init'),
  ];
}

/** The finding for a version of Node. */
export function nodeFinding(version: string): Finding {
  if (!isBelow(numbers(version), nodeFloor)) return ok('node', 'node', version);
  return fault('node', 'node', version, 'install Node 20.19 or newer');
}

async function gitFinding(cwd: string): Promise<Finding> {
  const said = await runGit(cwd, ['version']).catch(() => undefined);
  if (said === undefined || said.status !== 0)
    return fault('git', 'git', 'not found', 'install git 2.38 or newer');
  return gitVersionFinding(said.stdout.toString('utf8').trim());
}

/** The finding for a version of git. */
export function gitVersionFinding(version: string): Finding {
  if (!isBelow(numbers(version), gitFloor)) return ok('git', 'git', version);
  return fault(
    'git',
    'git',
    version,
    'install git 2.38 or newer: merges of candidates need merge-tree --write-tree',
  );
}

/** The finding for the containment of gates and runs on this machine. */
export function sandboxFinding(path: string): Finding {
  const { mode, weak, next } = containmentWords(findContainment(path));
  return weak.length === 0 ? ok('sandbox', mode) : note('sandbox', mode, weak.join('; '), next);
}

/** Folders of gates and runs whose removal failed, or whose gateway was killed: they only cost room. */
export async function examineLeft(stateFolder: string): Promise<Finding[]> {
  const left = [...(await leftTemporary(gateBases(), leftName)), ...(await leftRuns(stateFolder))];
  if (left.length === 0) return [];
  const [first = ''] = left;
  const next = 'gateway and runner try again every minute; see what holds them (mounts, immutable files)';
  return [
    note('left', first, `${left.length} folders of gates and runs that could not be removed yet`, next),
  ];
}

async function leftRuns(stateFolder: string): Promise<string[]> {
  const runs = join(stateFolder, 'runner', 'work', 'runs');
  const names = await readdir(runs).catch(() => []);
  const marks = await Promise.all(
    names.map((name) => lstat(join(runs, name, leftName)).catch(() => undefined)),
  );
  return names.filter((_, at) => marks[at] !== undefined).map((name) => join(runs, name));
}

const mega = 1024 ** 2;
const giga = 1024 * mega;
/** Clones, gates and the database grow; a run of a small repository is some ten megabytes. */
const roomWanted = giga;
const roomNeeded = giga / 20;

/** Examines the disk of the data folder: without room nothing can be pushed, landed or, on PGlite, stored. */
export async function examineRoom(dataFolder: string): Promise<Finding[]> {
  const found = (await roomBytes(dataFolder)) ?? (await roomBytes(dirname(dataFolder)));
  return found === undefined ? [] : [roomFinding(dataFolder, found)];
}

/** The finding for the free room of a disk, in bytes. */
export function roomFinding(folder: string, bytes: number): Finding {
  const found = bytes < giga ? `${Math.floor(bytes / mega)} MB left` : `${Math.floor(bytes / giga)} GB left`;
  if (bytes >= roomWanted) return ok('disk', folder, found);
  const next = 'free space there before pushes and landings fail with disk.full';
  return (bytes < roomNeeded ? fault : note)('disk', folder, found, next);
}

/** Examines keys and tokens in the state folder, which only their owner may read. */
export async function examineSecrets(stateFolder: string): Promise<Finding[]> {
  const places: [string, string][] = [
    [stateFolder, 'chmod 700'],
    [join(stateFolder, 'keys'), 'chmod 700'],
    [join(stateFolder, 'keys', 'keys.json'), 'chmod 600'],
    [join(stateFolder, 'token'), 'chmod 600'],
  ];
  const findings: Finding[] = [];
  for (const [path, remedy] of places) {
    const found = await lstat(path).catch(() => undefined);
    if (found === undefined) continue;
    const mode = (found.mode & 0o777).toString(8);
    findings.push(
      (found.mode & 0o077) === 0
        ? ok('secrets', path, `mode ${mode}`)
        : fault(
            'secrets',
            path,
            `mode ${mode}`,
            `${remedy} ${path}; rotate the keys if others could have read them`,
          ),
    );
  }
  return findings.length === 0 ? [ok('secrets', stateFolder, 'none yet')] : findings;
}

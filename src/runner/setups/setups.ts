import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { FileAt, FileReader } from '../../git/files-at.ts';
import { temporaryFolder } from '../../git/temporary.ts';
import { gateBase } from '../../sandbox/gate-room.ts';
import { removeTree } from '../../sandbox/remove-tree.ts';
import { type GateEvidence, type GateRoom, type GateStep, inGateRoom } from '../../sandbox/run-gate.ts';
import type { ContainmentKind } from '../../sandbox/sandbox.ts';
import type { SetupOrder } from './setup-order.ts';
import type { SetupStore } from './setup-store.ts';

/** A set-up that failed, in words: no change is to blame, and the gate waits. */
export class SetupFailed extends Error {}

/** The gate that a set-up is for, and how it is contained. */
export interface SetupFor {
  readonly project: string;
  readonly setup: SetupOrder;
  readonly containment: ContainmentKind;
  /** The commit whose files of `from` it sees. */
  readonly candidate: string;
  readonly reader: FileReader;
  /** Everything else that a command of the gate is started with. */
  readonly within: Omit<GateRoom, 'folder'>;
  readonly left: (folder: string) => void;
}

/** Bounds a hanging disk; no time of the set-up or of the gate counts what is packed and unpacked. */
const packMs = 10 * 60_000;
const archiveName = 'andon-setup.tar';
const linesMax = 30;

/** Set-ups on this machine, each made once for its files, command, system and containment. */
export class Setups {
  readonly #store: SetupStore;
  /** Set-ups under way, by key. */
  readonly #making = new Map<string, Promise<void>>();

  constructor(store: SetupStore) {
    this.#store = store;
  }

  /** Puts the archive of a set-up at `target`, which every user can read; makes it first where there is none. */
  async bring(of: SetupFor, target: string): Promise<void> {
    const files = await of.reader.list(of.candidate, of.setup.from).catch((error: unknown) => {
      throw new SetupFailed(`from: ${error instanceof Error ? error.message : String(error)}`);
    });
    const key = setupKey(of, files);
    while (!(await this.#store.copy(key, target))) await this.#make(key, of, files);
    await chmod(target, 0o644);
  }

  /** Waits for a set-up under way, or makes it. A failure is everybody's who waits for it. */
  async #make(key: string, of: SetupFor, files: readonly FileAt[]): Promise<void> {
    const making = this.#making.get(key);
    if (making !== undefined) {
      await making.catch((error: unknown) => {
        // A set-up that was only cut short is made by the next one.
        if (error instanceof SetupFailed) throw error;
      });
      return;
    }
    const made = makeSetup(of, files, (archive) => this.#store.put(key, archive));
    this.#making.set(key, made);
    try {
      await made;
    } finally {
      this.#making.delete(key);
    }
  }
}

/** Names what a set-up makes: another command, other files, another system or containment make another entry. */
function setupKey({ project, setup, containment }: SetupFor, files: readonly FileAt[]): string {
  const { run, keep, network, own } = setup;
  const listed = files.map(({ path, mode, oid }) => [path, mode, oid]).sort();
  const system = [process.platform, process.arch, nodeVersion()];
  const parts = { project, run, keep, network, own, files: listed, system, containment };
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex');
}

let foundNode: string | undefined;

/** The version of the Node that commands of gates find, which may be another than that of Andon. */
function nodeVersion(): string {
  foundNode ??= tryNode();
  return foundNode;
}

function tryNode(): string {
  try {
    return execFileSync('node', ['--version'], { encoding: 'utf8', timeout: 10_000 }).trim();
  } catch {
    return 'none';
  }
}

/** Runs the set-up on its files alone, in the gate's containment, and hands on the archive of what is kept. */
async function makeSetup(
  of: SetupFor,
  files: readonly FileAt[],
  keep: (archive: string) => Promise<void>,
): Promise<void> {
  const { setup, reader, within, left } = of;
  const folder = temporaryFolder('gate', gateBase());
  try {
    const tree = join(folder, 'tree');
    await mkdir(tree, { recursive: true });
    for (const file of files) await writeInto(tree, file, await reader.content(file));
    await inGateRoom({ ...within, folder }, async (run) => {
      const { run: command, keep: kept, timeoutMs, network } = setup;
      const orFail = async (said: string, step: GateStep): Promise<void> => {
        const ran = await run(step);
        within.abort?.throwIfAborted();
        if (!ran.passed) throw new SetupFailed(wordsOf(said, ran));
      };
      await orFail(command, { command, timeoutMs, network });
      // Nothing of the first command is alive any more.
      await orFail(`keep ${kept.join(', ')}`, { command: packing(kept), timeoutMs: packMs });
    });
    await keep(join(folder, 'tmp', archiveName)).catch((error: unknown) => {
      throw new SetupFailed(`what it keeps could not be stored: ${String(error)}`);
    });
  } finally {
    if (!(await removeTree(folder))) left(folder);
  }
}

async function writeInto(tree: string, { path, mode }: FileAt, bytes: Buffer): Promise<void> {
  const file = join(tree, path);
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, bytes, { mode: mode === '100755' ? 0o755 : 0o644, flag: 'wx' });
}

const quoted = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;

const packing = (keep: readonly string[]): string =>
  `rm -f -- "$TMPDIR/${archiveName}" && exec tar -cf "$TMPDIR/${archiveName}" -- ${keep.map(quoted).join(' ')}`;

/** Unpacks an archive beside the checkout of a gate, as a command of that gate. */
export const unpacking = (archive: string): GateStep => ({
  command: `exec tar -xf ${quoted(archive)}`,
  timeoutMs: packMs,
});

function wordsOf(said: string, { exitCode, timedOut, output }: GateEvidence): string {
  const how = timedOut ? 'ran into its time limit' : `exit status ${exitCode ?? 'none'}`;
  const end = output.trimEnd().split('\n').slice(-linesMax).join('\n').slice(-2_000);
  return `${said}: ${how}\n${end}`;
}

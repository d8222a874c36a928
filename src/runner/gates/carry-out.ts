import { join } from 'node:path';
import type { FileReader } from '../../git/files-at.ts';
import { temporaryFolder } from '../../git/temporary.ts';
import { defined } from '../../lib/defined.ts';
import { faultOf } from '../../lib/machine-fault.ts';
import { gateBase } from '../../sandbox/gate-room.ts';
import type { OutputTap } from '../../sandbox/output-tap.ts';
import { removeTree } from '../../sandbox/remove-tree.ts';
import { type GateEvidence, inGateRoom } from '../../sandbox/run-gate.ts';
import type { ContainmentKind, UserWatch } from '../../sandbox/sandbox.ts';
import { orDiskFull } from '../../store/disk-room.ts';
import { SetupFailed, type Setups, unpacking } from '../setups/setups.ts';
import type { GateOrder } from './gate-order.ts';

/** The surroundings in which a gate is carried out: of a slot of a gateway, or of a runner. */
export interface GateSurroundings {
  /** Writes the files of a commit into a folder. */
  readonly checkout: (project: string, commit: string, folder: string) => Promise<void>;
  /** Single files of the project's commits: a set-up sees some of them. */
  readonly files: (project: string) => FileReader;
  /** Words of what lies empty in a checkout of a commit: a gate that fails tells them. */
  readonly leftOut: (project: string, commit: string) => Promise<readonly string[]>;
  readonly setups: Setups;
  /** Folders that gate commands must not see. */
  readonly hidden: readonly string[];
  readonly containment: ContainmentKind;
  readonly abort: AbortSignal;
  readonly tap: OutputTap;
  /** Called with a folder that could not be removed: it is swept later. */
  readonly left: (folder: string) => void;
  /** Variables by which the processes of the command can be found. */
  readonly marks?: Readonly<Record<string, string>>;
  /** Hears of the user that belongs to the command alone. */
  readonly users?: UserWatch;
  readonly searchPath?: string;
}

/**
 * Carries out a gate in a clean checkout of its commit, behind its set-up. A fault of the machine is none of the work, and
 * rejects, as a set-up that fails does (`SetupFailed`); any other failure is the gate's.
 */
export async function carryOutGate(order: GateOrder, around: GateSurroundings): Promise<GateEvidence> {
  const { project, candidate, command, timeoutMs, network } = order;
  const folder = temporaryFolder('gate', gateBase());
  try {
    await around.checkout(project, candidate, join(folder, 'tree'));
    const archive = await bringSetup(order, around, folder);
    const evidence = await inGateRoom({ ...withinOf(order, around), folder }, async (run) => {
      const unpacked = archive === undefined ? undefined : await run(unpacking(archive));
      if (unpacked?.passed === false) return notUnpacked(unpacked);
      // Its time begins here: a large set-up takes none of it.
      return run({ command, timeoutMs, network, tap: around.tap });
    });
    return evidence.passed ? evidence : await withLeftOut(evidence, order, around);
  } catch (error) {
    if (error instanceof SetupFailed || around.abort.aborted) throw error;
    const fault = await orDiskFull(error, folder);
    if (faultOf(fault) !== undefined) throw fault;
    return failedGate(error instanceof Error ? error.message : String(error), around.containment);
  } finally {
    // A folder that cannot be removed is no fault of the gate: it is counted, and swept later.
    if (!(await removeTree(folder))) around.left(folder);
  }
}

/** A failure beside what the checkout lacks, which a program can seldom tell from a fault of the work. */
async function withLeftOut(
  evidence: GateEvidence,
  { project, candidate }: GateOrder,
  around: GateSurroundings,
): Promise<GateEvidence> {
  // The failure stands, also where git cannot be asked.
  const words = await around.leftOut(project, candidate).catch(() => []);
  const { output } = evidence;
  const begun = output === '' || output.endsWith('\n') ? output : `${output}\n`;
  return words.length === 0
    ? evidence
    : { ...evidence, output: `${begun}${words.map((line) => `andon: ${line}\n`).join('')}` };
}

function withinOf({ limits, sandbox }: GateOrder, around: GateSurroundings) {
  const { hidden, abort, marks, users, searchPath } = around;
  return { limits, sandbox, hidden, abort, ...defined({ marks, users, searchPath }) };
}

/** Puts the archive of the gate's set-up beside its checkout; undefined for a gate without one. */
async function bringSetup(
  order: GateOrder,
  around: GateSurroundings,
  folder: string,
): Promise<string | undefined> {
  const { project, candidate, setup } = order;
  if (setup === undefined) return undefined;
  const { files, containment, left, setups } = around;
  const archive = join(folder, 'setup.tar');
  const of = { project, candidate, setup, containment, left, reader: files(project) };
  await setups.bring({ ...of, within: withinOf(order, around) }, archive);
  return archive;
}

/** The failure of a gate whose candidate does not take what the set-up made. */
const notUnpacked = (evidence: GateEvidence): GateEvidence => ({
  ...evidence,
  output: `${evidence.output}andon: what the set-up made could not be unpacked\n`,
});

/** The evidence of a gate whose command never ran. */
export const failedGate = (output: string, containment: ContainmentKind): GateEvidence => ({
  passed: false,
  exitCode: null,
  ms: 0,
  output,
  containment,
  timedOut: false,
});

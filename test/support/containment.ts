import { chmodSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type GateCommand, type GateEvidence, runGate } from '../../src/sandbox/run-gate.ts';
import { findContainment } from '../../src/sandbox/sandbox.ts';

/** The four ways in which untrusted code runs: the columns of the table in SECURITY.md. */
export type Mode = 'root, bubblewrap' | 'root' | 'user, bubblewrap' | 'user';

const isRoot = process.getuid?.() === 0;
const nowhere = '/nonexistent-for-bwrap';

/** The modes that this process can try: the strongest available, and the one without bubblewrap. */
export function modesHere(): { mode: Mode; change: Partial<GateCommand> }[] {
  const found: { mode: Mode; change: Partial<GateCommand> }[] = [];
  if (findContainment().kind === 'bubblewrap')
    found.push({ mode: isRoot ? 'root, bubblewrap' : 'user, bubblewrap', change: {} });
  found.push({ mode: isRoot ? 'root' : 'user', change: { searchPath: nowhere } });
  return found;
}

/** Prints the parts that the tests of a file leave out in this mode, so that silence is no promise. */
export function leavesOut(mode: Mode, what: readonly string[]): void {
  if (what.length > 0) console.log(`left out as ${mode}: ${what.join('; ')}`);
}

const folders: string[] = [];

/** A folder that separate users can enter; `removeFolders` removes it. */
export function openFolder(prefix = 'andon-gate-'): string {
  const folder = mkdtempSync(join(tmpdir(), prefix));
  chmodSync(folder, 0o755);
  folders.push(folder);
  return folder;
}

export function removeFolders(): void {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
}

/** Runs a command as a gate in a new folder. */
export function gateOf(
  command: string,
  change: Partial<GateCommand> = {},
  prepare: (tree: string) => void = () => undefined,
): Promise<GateEvidence> {
  const folder = change.folder ?? openFolder();
  const tree = join(folder, 'tree');
  mkdirSync(tree, { recursive: true });
  prepare(tree);
  return runGate({ folder, command, timeoutMs: 60_000, sandbox: 'preferred', ...change });
}

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { findProgram } from '../../sandbox/programs.ts';
import { type ManagedCommand, type Manager, managers, type TopFiles } from './managers.ts';

/** A command that looks like a gate of the repository. */
export interface GuessedGate extends ManagedCommand {
  /** The program that the command needs and this machine lacks. */
  readonly missing?: string;
}

/** The files that managers look at. */
const looked = [
  ...new Set([...managers.flatMap(({ manifest, locks }) => [manifest, ...locks]), 'mvnw', '.npmrc']),
];

async function readTop(root: string): Promise<TopFiles> {
  const entries = looked.map(
    async (name) => [name, await readFile(join(root, name), 'utf8').catch(() => undefined)] as const,
  );
  const texts = new Map(await Promise.all(entries));
  return { text: (name) => texts.get(name) ?? '', has: (name) => texts.get(name) !== undefined };
}

/** The managers of a repository: of those that share a manifest the one with a lock file, else the one that the manifest means. */
function managersOf(files: TopFiles): readonly Manager[] {
  const manifests = [...new Set(managers.map(({ manifest }) => manifest))].filter((name) => files.has(name));
  return manifests.flatMap((manifest) => {
    const sharing = managers.filter((one) => one.manifest === manifest);
    const found =
      sharing.find(({ locks }) => locks.some((lock) => files.has(lock))) ??
      sharing.find(({ byManifest }) => byManifest(files));
    return found === undefined ? [] : [found];
  });
}

/** Gates guessed from manifests and lock files. As guesses, they are written as comments; one whose program is missing says so. */
export async function guessGates(root: string, path: string): Promise<GuessedGate[]> {
  const files = await readTop(root);
  const found = managersOf(files).flatMap((manager) =>
    manager.commands(files).map((command) => withMissing(command, manager, path)),
  );
  return found.filter(({ name }, at) => found.findIndex((one) => one.name === name) === at);
}

function withMissing(command: ManagedCommand, { program }: Manager, path: string): GuessedGate {
  const needed = command.run.startsWith('sh ') ? 'sh' : program;
  return findProgram(needed, path) === undefined ? { ...command, missing: needed } : command;
}

import type { Readable } from 'node:stream';
import { createSpawner, type ProcessSpawner } from '../../src/git/spawn/spawner.ts';

export interface Ran {
  /** Exit code; -1 when a signal ended the program. */
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

let spawner: ProcessSpawner | undefined;

/**
 * Runs a program to its end. Through a helper, as the gateway does: starting one from a test process of
 * hundreds of megabytes takes ten times as long and blocks the gateway that it holds.
 */
export async function runProgram(
  file: string,
  args: readonly string[],
  { cwd, env }: { readonly cwd: string; readonly env: Readonly<Record<string, string>> },
): Promise<Ran> {
  spawner ??= createSpawner();
  const child = await spawner.start({ file, args, cwd, env });
  const [out, err, { code }] = await Promise.all([all(child.stdout), all(child.stderr), child.exited]);
  return { code: code ?? -1, out, err };
}

async function all(stream: Readable): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}

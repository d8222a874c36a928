import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Readable, Writable } from 'node:stream';
import { fail } from '../../lib/errors.ts';
import { saidFault } from '../../lib/machine-fault.ts';
import { terminate } from '../../process/terminate.ts';
import type { Child, ChildExit } from './children.ts';
import type { ProcessSpawner, StartOptions } from './spawner.ts';

/**
 * Starts programs as children of this process: enough for a small process that starts few. The children may
 * not `talk`.
 */
export const ownSpawner: ProcessSpawner = {
  async start(options) {
    const child = begin(options);
    const exited = new Promise<ChildExit>((resolve) => {
      child.once('exit', (code, signal) => resolve({ code, signal }));
    });
    try {
      await once(child, 'spawn');
    } catch (error) {
      const found = error instanceof Error ? error.message : String(error);
      throw fail(saidFault(found) ?? 'git.failed', options.file, { found }, error);
    }
    return childOf(child, exited);
  },
  close: async () => {},
};

/** A child whose output comes through pipes; its input may be absent. */
type Piped = ChildProcessByStdio<Writable | null, Readable, Readable>;

const begin = ({ file, args, cwd, env, stdin = false }: StartOptions): Piped =>
  spawn(file, args, { cwd, env, stdio: [stdin ? 'pipe' : 'ignore', 'pipe', 'pipe'] }) as Piped;

function childOf(child: Piped, exited: Promise<ChildExit>): Child {
  // A spawned process has an id; the default only satisfies the type.
  const { pid = 0, stdin, stdout, stderr } = child;
  const ending = { ask: () => child.kill('SIGTERM'), kill: () => child.kill('SIGKILL'), ended: exited };
  return {
    pid,
    stdout,
    stderr,
    ...(stdin === null ? {} : { stdin }),
    exited,
    kill: (graceMs = 0) => void terminate(ending, graceMs),
    release: () => {
      for (const stream of [stdin, stdout, stderr]) stream?.destroy();
    },
  };
}

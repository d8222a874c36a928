import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fail } from '../../lib/errors.ts';
import { saidFault } from '../../lib/machine-fault.ts';
import type { Child, ChildExit } from './children.ts';
import type { ProcessSpawner, StartOptions } from './spawner.ts';
import { terminate } from './terminate.ts';

/** Starts programs as children of this process: enough for a small process that starts few. They may not `talk`. */
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

const begin = ({ file, args, cwd, env, stdin = false }: StartOptions): ChildProcess =>
  spawn(file, args, { cwd, env, stdio: [stdin ? 'pipe' : 'ignore', 'pipe', 'pipe'] });

function childOf(child: ChildProcess, exited: Promise<ChildExit>): Child {
  const { pid, stdin, stdout, stderr } = child;
  if (pid === undefined || stdout === null || stderr === null) throw new Error('a child without its pipes');
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

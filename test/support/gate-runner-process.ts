import { type ChildProcess, spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { builtMain } from './cli.ts';
import type { TestGateway } from './gateway.ts';

/** A process of `andon runner --gates`. */
export interface GateRunnerProcess {
  readonly name: string;
  readonly grant: string;
  readonly child: ChildProcess;
  /** Everything that it has said so far. */
  said(): string;
  kill(): Promise<void>;
}

/** The place and environment of the process. */
export interface GateRunnerPlace {
  readonly project: string;
  readonly name: string;
  readonly folder: string;
  /** Search path: without bubblewrap, say. */
  readonly path: string;
  readonly gates?: number;
  readonly url?: string;
  /** Words before the command, that start it in another network. */
  readonly inside?: readonly string[];
}

/** Starts a runner of gates under a grant of its own; resolves when it is ready. */
export async function startGateRunner(
  gateway: Pick<TestGateway, 'owner' | 'url'>,
  { project, name, folder, path, gates = 1, url = gateway.url, inside = [] }: GateRunnerPlace,
): Promise<GateRunnerProcess> {
  const agent = `runner:${name}`;
  const { token = '', grant } = await gateway.owner.token.mint.mutate({
    project,
    agent,
    cap: { role: 'GATE_RUNNER' },
  });
  const options = ['--name', name, '--gates', String(gates), '--folder', join(folder, name), '--json'];
  const [program = '', ...args] = [...inside, process.execPath, builtMain(), 'runner', ...options];
  const env = { PATH: `${path}:/usr/sbin:/sbin`, HOME: folder, ANDON_URL: url, ANDON_TOKEN: token };
  const child = spawn(program, args, { env, stdio: ['ignore', 'pipe', 'pipe'] });
  const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  let said = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    said += text;
  });
  await Promise.race([
    new Promise<void>((resolve) =>
      createInterface({ input: child.stdout ?? process.stdin }).once('line', () => resolve()),
    ),
    gone.then(() => Promise.reject(new Error(said))),
  ]);
  const kill = async (): Promise<void> => {
    child.kill('SIGKILL');
    await gone;
  };
  return { name, grant, child, said: () => said, kill };
}

/** Ids of the processes whose command line holds the words. */
export function processesWith(words: string): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((name) => {
      try {
        return readFileSync(`/proc/${name}/cmdline`, 'latin1').replaceAll('\0', ' ').includes(words);
      } catch {
        return false;
      }
    })
    .map(Number);
}

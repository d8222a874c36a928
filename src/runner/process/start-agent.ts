import { type ChildProcess, type StdioOptions, spawn } from 'node:child_process';
import type { Server as NetServer } from 'node:net';
import type { SandboxPlace } from '../../sandbox/bubblewrap.ts';
import { confine } from '../../sandbox/confine.ts';
import type { MachineLimits } from '../../sandbox/machine-limits.ts';
import { childrenOf } from '../../sandbox/reap.ts';
import type { Containment } from '../../sandbox/sandbox.ts';
import type { AgentProgram } from '../adapters/adapter.ts';
import { type RunFolder, writableOf } from '../prepare/run-folder.ts';

/** The port of the gateway inside the separate network of a run. */
export const insidePort = 4870;

/** The program of an agent, ready to start. */
export interface StartingAgent {
  readonly program: AgentProgram;
  readonly place: RunFolder;
  readonly env: Record<string, string>;
  readonly containment: Containment;
  readonly limits: MachineLimits;
  /** Path of node that the run can read. */
  readonly node: string;
  /** True when the run shares the network of the machine. */
  readonly network: boolean;
  readonly hidden: readonly string[];
  readonly visible: readonly string[];
  /** Called with the listening socket that was opened inside the run's network. */
  readonly adopt: (listening: NetServer) => void;
}

// Program that opens the port inside the run's network, hands the socket to the runner, which serves it from
// outside, and ends.
const opener = `const s=require('net').createServer();s.listen(${insidePort},'127.0.0.1',()=>process.send('port',s));process.once('message',()=>process.exit(0));process.once('disconnect',()=>process.exit(1))`;
const inside =
  'node=$1; shift; "$node" -e "$ANDON_OPENER" || exit 126; exec 3>&-; unset NODE_CHANNEL_FD NODE_CHANNEL_SERIALIZATION_MODE ANDON_OPENER; exec "$@"';

/** Starts the program of an agent, contained as well as this machine can. */
export function startAgent(of: StartingAgent): ChildProcess {
  const { program, place, env, containment } = of;
  const stdin = program.input === undefined ? 'ignore' : 'pipe';
  const piped: StdioOptions = [stdin, 'pipe', 'pipe'];
  const command = [program.program, ...program.args];
  const start = (
    words: readonly string[],
    own: Record<string, string>,
    stdio: StdioOptions,
  ): ChildProcess => {
    const { program: file, args, user } = confine(containment, sandboxOf(of), of.limits, words);
    return spawn(file, args, { cwd: place.tree, env: own, detached: true, stdio, ...user });
  };
  if (containment.kind !== 'bubblewrap' || of.network) return fed(start(command, env, piped), program.input);
  const wrapped = ['/bin/sh', '-c', inside, 'sh', of.node, ...command];
  const child = start(wrapped, { ...env, ANDON_OPENER: opener }, [stdin, 'pipe', 'pipe', 'ipc']);
  child.once('message', (_message, handle) => {
    of.adopt(handle as NetServer);
    child.send('served', () => undefined);
  });
  return fed(child, program.input);
}

const sandboxOf = ({ place, program, hidden, visible, network }: StartingAgent): SandboxPlace => ({
  folder: place.folder,
  writable: writableOf(place),
  accounts: place.accounts,
  workFolder: place.tree,
  hidden,
  visible: [...visible, ...program.visible],
  network,
});

/** Writes the program's input and closes it; a program that does not read its input to the end is no fault. */
function fed(child: ChildProcess, input: string | undefined): ChildProcess {
  child.stdin?.on('error', () => undefined);
  child.stdin?.end(input);
  return child;
}

/** Every process below a process, by the kernel's own list, nearest first. */
export async function descendantsOf(pid: number): Promise<number[]> {
  const found: number[] = [];
  const queue = [pid];
  for (let one = queue.shift(); one !== undefined && found.length < 10_000; one = queue.shift()) {
    const children = await childrenOf(one);
    found.push(...children);
    queue.push(...children);
  }
  return found;
}

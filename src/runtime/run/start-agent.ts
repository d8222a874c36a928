import { type ChildProcess, type StdioOptions, spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import type { Server as NetServer } from 'node:net';
import type { AgentProgram } from '../adapters/adapter.ts';
import { bubblewrapArgs, type Containment } from '../sandbox.ts';
import type { RunPlace } from './place.ts';

/** The port of the gateway inside a network of its own. */
export const insidePort = 4870;

export interface AgentProcess {
  readonly program: AgentProgram;
  readonly place: RunPlace;
  readonly env: Record<string, string>;
  readonly containment: Containment;
  /** Whether it shares the network of the machine. */
  readonly network: boolean;
  readonly hidden: readonly string[];
  readonly visible: readonly string[];
  /** Given the listening socket that was opened inside the run's own network. */
  readonly adopt: (listening: NetServer) => void;
}

// Opens the port inside the run's network and hands the socket to the runner, which serves it from outside; then it is gone.
const opener = `const s=require('net').createServer();s.listen(${insidePort},'127.0.0.1',()=>process.send('port',s));process.once('message',()=>process.exit(0));process.once('disconnect',()=>process.exit(1))`;
const inside =
  'node=$1; shift; "$node" -e "$ANDON_OPENER" || exit 126; exec 3>&-; unset NODE_CHANNEL_FD NODE_CHANNEL_SERIALIZATION_MODE ANDON_OPENER; exec "$@"';

/** Starts the program of an agent, contained as well as this machine can. */
export function startAgent(of: AgentProcess): ChildProcess {
  const { program, place, env, containment } = of;
  const options = { cwd: place.tree, env, detached: true };
  const stdin = program.input === undefined ? 'ignore' : 'pipe';
  const piped: StdioOptions = [stdin, 'pipe', 'pipe'];
  if (containment.kind !== 'bubblewrap') {
    const user = containment.kind === 'other-user' ? { uid: containment.uid, gid: containment.gid } : {};
    const child = spawn(program.program, program.args, { ...options, ...user, stdio: piped });
    return fed(child, program.input);
  }
  const args = bubblewrapArgs({
    folder: place.folder,
    workFolder: place.tree,
    hidden: of.hidden,
    visible: [...of.visible, ...program.visible],
    network: of.network,
  });
  if (of.network) {
    const whole = [...args, program.program, ...program.args];
    return fed(spawn(containment.program, whole, { ...options, stdio: piped }), program.input);
  }
  const wrapped = ['/bin/sh', '-c', inside, 'sh', process.execPath, program.program, ...program.args];
  const child = spawn(containment.program, [...args, ...wrapped], {
    ...options,
    env: { ...env, ANDON_OPENER: opener },
    stdio: [stdin, 'pipe', 'pipe', 'ipc'],
  });
  child.once('message', (_message, handle) => {
    of.adopt(handle as NetServer);
    child.send('served', () => undefined);
  });
  return fed(child, program.input);
}

/** Gives a program its input and closes it; one that does not read it to its end is no fault. */
function fed(child: ChildProcess, input: string | undefined): ChildProcess {
  child.stdin?.on('error', () => undefined);
  child.stdin?.end(input);
  return child;
}

/** Everything below a process, by the kernel's own list, nearest first. */
export async function descendantsOf(pid: number): Promise<number[]> {
  const found: number[] = [];
  const queue = [pid];
  for (let one = queue.shift(); one !== undefined && found.length < 10_000; one = queue.shift()) {
    const text = await readFile(`/proc/${one}/task/${one}/children`, 'latin1').catch(() => '');
    for (const word of text.split(' ').filter((entry) => entry !== '')) {
      found.push(Number(word));
      queue.push(Number(word));
    }
  }
  return found;
}

import { type ChildProcess, spawn } from 'node:child_process';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { World } from '../world.ts';
import { plainEnvironment } from './repository.ts';

const isSource = import.meta.url.endsWith('.ts');

export interface AgentStart {
  readonly name: 'lead' | 'builder' | 'reviewer';
  readonly folder: string;
  readonly url: string;
  readonly project: string;
  readonly tokenFile: string;
  /** Hears each thing that the agent says. */
  readonly said: (text: string) => void;
}

export interface Agent {
  readonly child: ChildProcess;
  /** Settles with the exit status. */
  readonly ended: Promise<number>;
}

/** Starts an agent as an ordinary child process: a token in a file, the command line, git, and nothing else. */
export async function startAgent(world: World, start: AgentStart): Promise<Agent> {
  const { name, folder, url, project, tokenFile, said } = start;
  const home = join(folder, 'agents', name);
  await mkdir(home, { recursive: true });
  const script = fileURLToPath(new URL(`./agents/${name}.${isSource ? 'ts' : 'js'}`, import.meta.url));
  const [node = process.execPath, ...rest] = world.launch;
  const options = rest.slice(0, -1);
  const child = spawn(node, [...options, script], {
    cwd: home,
    env: {
      ...plainEnvironment(world.env, home, name),
      ANDON_URL: url,
      ANDON_PROJECT: project,
      ANDON_TOKEN_FILE: tokenFile,
      ANDON_CLI: JSON.stringify(world.launch),
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  for (const stream of [child.stdout, child.stderr])
    createInterface({ input: stream }).on('line', (line) => said(textOf(line)));
  const ended = new Promise<number>((resolve) => {
    child.once('error', (error) => {
      said(error.message);
      resolve(1);
    });
    child.once('close', (code) => resolve(code ?? 1));
  });
  return { child, ended };
}

function textOf(line: string): string {
  try {
    const { say } = JSON.parse(line) as { say?: unknown };
    return typeof say === 'string' ? say : line;
  } catch {
    return line;
  }
}

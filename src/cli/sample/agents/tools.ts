import { spawn } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { defined } from '../../../lib/defined.ts';
import type { EventType } from '../../../store/log/events.ts';

/**
 * The tools of an ordinary agent: the command line of Andon and git, as child processes, and an output to
 * talk to.
 */

interface ProgramEnd {
  readonly exit: number;
  readonly stdout: string;
  readonly stderr: string;
}

function run(command: readonly string[], cwd: string): Promise<ProgramEnd> {
  const [file = '', ...args] = command;
  const child = spawn(file, args, { cwd, stdio: ['ignore', 'pipe', 'pipe'] });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve({ exit: code ?? 1, stdout, stderr }));
  });
}

/** Prints a line for the people who watch. */
export const say = (text: string): void => void process.stdout.write(`${JSON.stringify({ say: text })}\n`);

/** The answer of `andon … --json`, with any exit code. */
export async function andon<T>(
  args: readonly string[],
  cwd = process.cwd(),
): Promise<{ exit: number; data: T }> {
  const { exit, stdout, stderr } = await run(['andon', ...args, '--json'], cwd);
  try {
    return { exit, data: JSON.parse(stdout) as T };
  } catch {
    throw new Error(`andon ${args.join(' ')}: exit ${exit}: ${stderr || stdout}`);
  }
}

/** The answer of `andon … --json`, for calls that must not fail. */
export async function mustAndon<T>(args: readonly string[], cwd?: string): Promise<T> {
  const { exit, data } = await andon<T>(args, cwd);
  if (exit !== 0) throw new Error(`andon ${args.join(' ')}: exit ${exit}: ${JSON.stringify(data)}`);
  return data;
}

/** Runs git where a refusal is possible: it has the token from the environment of the run. */
export const remoteGit = (cwd: string, ...args: string[]): Promise<ProgramEnd> => run(['git', ...args], cwd);

/** Runs plain git, which must not fail. */
export async function git(cwd: string, ...args: string[]): Promise<string> {
  const { exit, stdout, stderr } = await run(['git', ...args], cwd);
  if (exit !== 0) throw new Error(`git ${args.join(' ')}: ${stderr}`);
  return stdout.trim();
}

/** Writes files into a folder, by path. */
export async function write(folder: string, files: Readonly<Record<string, string>>): Promise<void> {
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), text);
  }
}

/** A task as the agents of the sample read it. */
export interface SampleTask {
  readonly id: string;
  readonly state: string;
}

const isOver = (tasks: readonly SampleTask[]): boolean =>
  tasks.every(({ state }) => state === 'done' || state === 'abandoned');

/**
 * Calls `look` at once and after every event of one of the types, until every task has ended. The stream is
 * one long-lived `andon event follow`.
 */
export async function untilAllDone(types: readonly EventType[], look: () => Promise<void>): Promise<void> {
  const { position } = await mustAndon<{ position: number }>(['status']);
  const flags = [...types, 'task.done', 'task.abandoned'].flatMap((type) => ['--type', type]);
  const child = spawn('andon', ['event', 'follow', '--json', '--after', String(position), ...flags], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  try {
    await look();
    if (isOver(await mustAndon<SampleTask[]>(['task', 'list']))) return;
    for await (const line of createInterface({ input: child.stdout })) {
      await look();
      const { type } = JSON.parse(line) as { type?: string };
      if (type?.startsWith('task.') === true && isOver(await mustAndon<SampleTask[]>(['task', 'list'])))
        return;
    }
    throw new Error('the stream of events ended');
  } finally {
    child.kill();
  }
}

/**
 * Runs an agent to its end, and writes its verdict: the summary that `work` answers, or the failure with its
 * cause.
 */
export function main(work: () => Promise<string>): void {
  work().then(
    (summary) => writeVerdict('shipped', summary),
    async (error: unknown) => {
      const why = error instanceof Error ? error.message : String(error);
      say(`I give up: ${why}`);
      process.exitCode = 1;
      await writeVerdict('failed', why);
    },
  );
}

/** Writes the verdict of a run: the agent's belief, which the gateway compares with the evidence. */
async function writeVerdict(result: 'shipped' | 'failed', summary: string): Promise<void> {
  const { ANDON_VERDICT: file, ANDON_RUN: id, ANDON_EPOCH: epoch } = process.env;
  if (file === undefined)
    throw new Error('this is an agent of the sample: andon agent spawn <profile> starts it');
  const plain = summary.replaceAll(/[^\x20-\x7e]+/g, ' ').slice(0, 2000);
  const lease = defined({ epoch: epoch === undefined ? undefined : Number(epoch) });
  await writeFile(file, JSON.stringify({ version: 1, run: id, ...lease, result, summary: plain }));
}

import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { builtFolder } from './built.ts';
import { shortLived } from './short-lived.ts';

/** The program in its shipped form, bundled once for the present sources. */
export const builtMain = (): string => join(builtFolder(), 'program/dist/cli/main.js');

export interface Ended {
  readonly exit: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface CliOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** A program in place of the one of the sources. */
  readonly command?: readonly string[];
}

/** An environment without the user's: an empty HOME, no git settings. */
export function cleanEnvironment(home: string): Record<string, string> {
  mkdirSync(home, { recursive: true });
  return {
    PATH: process.env.PATH ?? '',
    HOME: home,
    TMPDIR: tmpdir(),
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_AUTHOR_NAME: 'Ada',
    GIT_AUTHOR_EMAIL: 'ada@example.org',
    GIT_COMMITTER_NAME: 'Ada',
    GIT_COMMITTER_EMAIL: 'ada@example.org',
  };
}

/** Starts a command and leaves it running; its output is for the caller. */
export function start(
  args: readonly string[],
  { cwd = tmpdir(), env = {}, command }: CliOptions,
): ChildProcess {
  const [file = '', ...first] = command ?? [process.execPath, ...shortLived, builtMain()];
  const base = {
    PATH: process.env.PATH ?? '',
    HOME: join(tmpdir(), 'andon-no-home'),
    TMPDIR: tmpdir(),
  };
  return spawn(file, [...first, ...args], {
    cwd,
    env: { ...base, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

/** Runs a command to its end. */
export function cli(args: readonly string[], options: CliOptions = {}): Promise<Ended> {
  const child = start(args, options);
  let stdout = '';
  let stderr = '';
  child.stdout?.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr?.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  return new Promise((done, reject) => {
    child.once('error', reject);
    child.once('close', (code) => done({ exit: code ?? -1, stdout, stderr }));
  });
}

/** Runs a command with `--json` that must end with 0; answers its data. */
export async function answer<T>(args: readonly string[], options: CliOptions = {}): Promise<T> {
  const { exit, stdout, stderr } = await cli([...args, '--json'], options);
  if (exit !== 0) throw new Error(`andon ${args.join(' ')}: exit ${exit}: ${stderr}${stdout}`);
  return JSON.parse(stdout) as T;
}

export interface Up {
  readonly ready: {
    readonly url: string;
    readonly tokenFile: string;
    readonly project: string;
    readonly git: string;
  };
  /** The id of the started process. */
  readonly pid: number;
  /** The output on standard error so far. */
  said(): string;
  /** Sends a signal and answers the exit code. */
  end(signal?: NodeJS.Signals): Promise<number | null>;
}

/** Starts `andon up --json` and waits for its line. */
export async function up(options: CliOptions, ...args: string[]): Promise<Up> {
  const child = start(['up', '--json', ...args], options);
  let told = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => (told += text));
  const ended = new Promise<number | null>((done) => child.once('close', (code) => done(code)));
  const lines = createInterface({ input: child.stdout ?? process.stdin });
  const line = await Promise.race([
    new Promise<string>((done) => lines.once('line', done)),
    ended.then((code) => Promise.reject(new Error(`andon up: exit ${code}: ${told}`))),
  ]);
  const ready = JSON.parse(line) as Up['ready'];
  return {
    ready,
    pid: child.pid ?? 0,
    said: () => told,
    end: (signal = 'SIGTERM') => {
      child.kill(signal);
      return ended;
    },
  };
}

import { finished, type Readable, type Writable } from 'node:stream';
import { defined } from '../lib/defined.ts';
import { type AndonError, fail } from '../lib/errors.ts';
import { saidFault } from '../lib/machine-fault.ts';
import { configEnvironment, gitEnvironment } from './environment.ts';
import { otherOwner } from './other-owner.ts';
import type { Child } from './spawn/children.ts';
import { createSpawner, type ProcessSpawner } from './spawn/spawner.ts';

/** Repository, folder, environment and settings of a git call. */
export interface GitOptions {
  /** The bare repository to work on; sets GIT_DIR, and the working directory when `cwd` is absent. */
  readonly gitDir?: string;
  readonly cwd?: string;
  /** Additions to the fixed environment; an undefined value takes its variable out. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Settings for this one call, above those of the repository. */
  readonly config?: Readonly<Record<string, string>>;
}

/** Input and limits of a git call that runs to its end. */
export interface RunOptions extends GitOptions {
  readonly stdin?: Buffer | string;
  /** Time limit; `Infinity` for none: then `abort` bounds the call. */
  readonly timeoutMs?: number;
  /** Most bytes of stdout and stderr together; output over the limit ends the child. */
  readonly outputBytesMax?: number;
  readonly abort?: AbortSignal;
}

/** Extra streams of a git call whose streams the caller reads. */
export interface StreamOptions extends GitOptions {
  readonly stdin?: boolean;
  readonly talk?: boolean;
}

/** The exit code and output of a git call. */
export interface RunResult {
  /** Exit code; a child ended by a signal has none and makes `run` reject. */
  readonly code: number;
  readonly stdout: Buffer;
  readonly stderr: string;
}

/** Runs git for Andon; see `createGitRunner`. */
export interface GitRunner {
  /** Runs git to its end. Rejects with `git.failed` on a signal, the time limit or the output limit. */
  run(args: readonly string[], options: RunOptions): Promise<RunResult>;
  /**
   * Runs git as `run` does, and rejects with `git.failed` on an exit code above 0, or with `disk.full` or
   * `repo.owner` when git names that cause. Answers stdout.
   */
  must(args: readonly string[], options: RunOptions): Promise<Buffer>;
  /** Starts git and hands out its streams; the caller owns its time limit. */
  stream(args: readonly string[], options: StreamOptions): Promise<Child>;
  close(): Promise<void>;
}

/** Search path, spawner and environment of the children. */
export interface GitRunnerOptions {
  /** Program search path of the children. */
  readonly path?: string;
  /** A spawner shared with others; when absent, the runner makes its own and closes it. */
  readonly spawner?: ProcessSpawner;
  /** The whole environment of the children, in place of Andon's own: git then follows the settings of the caller. */
  readonly env?: Readonly<Record<string, string | undefined>>;
}

const timeoutMsDefault = 60_000;
const outputBytesDefault = 16 * 1024 * 1024;

/** Runs git with fixed arguments (never a shell), an environment of its own, and limits. */
export function createGitRunner(options: GitRunnerOptions = {}): GitRunner {
  const { path = '/usr/local/bin:/usr/bin:/bin', env } = options;
  const environmentOf = ({ config, gitDir }: GitOptions): Readonly<Record<string, string | undefined>> => ({
    ...(env ?? gitEnvironment(path)),
    ...(env === undefined || config !== undefined ? configEnvironment(config) : {}),
    ...defined({ GIT_DIR: gitDir }),
  });
  const own = options.spawner === undefined;
  const spawner = options.spawner ?? createSpawner();

  const start = (args: readonly string[], call: GitOptions, stdin: boolean, talk: boolean): Promise<Child> =>
    spawner.start({
      file: 'git',
      args,
      cwd: call.cwd ?? call.gitDir ?? '/',
      env: defined({ ...environmentOf(call), ...call.env }),
      stdin,
      talk,
    });

  const run = async (args: readonly string[], call: RunOptions): Promise<RunResult> => {
    const child = await start(args, call, call.stdin !== undefined, false);
    return collect(child, args, call);
  };

  return {
    run,
    async must(args, call) {
      const { code, stdout, stderr } = await run(args, call);
      if (code !== 0) throw failureOf(args[0] ?? '', code, stderr);
      return stdout;
    },
    stream: (args, call) => start(args, call, call.stdin ?? false, call.talk ?? false),
    async close() {
      if (own) await spawner.close();
    },
  };
}

function failureOf(command: string, code: number, stderr: string): AndonError {
  const found = otherOwner(stderr);
  if (found !== undefined) return fail('repo.owner', `git ${command}`, { found });
  return fail(saidFault(stderr) ?? 'git.failed', `git ${command}`, {
    found: lastLines(stderr) || `exit ${code}`,
  });
}

async function collect(child: Child, args: readonly string[], call: RunOptions): Promise<RunResult> {
  const name = `git ${args[0] ?? ''}`;
  const { outputBytesMax = outputBytesDefault } = call;
  let fault: Error | undefined;
  const stop: StopCall = (found, limit) => {
    fault ??= fail('git.failed', name, limit === undefined ? { found } : { found, limit });
    child.kill();
  };
  const unwatch = watch(call, stop);
  let left = outputBytesMax;
  const take = (bytes: number): boolean => {
    left -= bytes;
    if (left < 0) stop('the output is over the limit (bytes)', outputBytesMax);
    return left >= 0;
  };
  if (child.stdin !== undefined) give(child.stdin, call.stdin);
  const texts = Promise.all([gather(child.stdout, take), gather(child.stderr, take)]);
  const [[stdout, stderr], { code, signal }] = await Promise.all([texts, child.exited]);
  unwatch();
  child.stdin?.destroy();
  if (fault !== undefined) throw fault;
  if (code === null) throw fail('git.failed', name, { found: `ended by ${signal ?? 'its helper'}` });
  return { code, stdout, stderr: stderr.toString('utf8') };
}

type StopCall = (found: string, limit?: number) => void;

/** Stops a call when its time is up or its caller gives it up; returns the function that ends the watch. */
function watch({ timeoutMs = timeoutMsDefault, abort }: RunOptions, stop: StopCall): () => void {
  const timer = Number.isFinite(timeoutMs)
    ? setTimeout(stop, timeoutMs, 'the time limit passed (ms)', timeoutMs)
    : undefined;
  const aborted = (): void => stop('it was given up');
  abort?.addEventListener('abort', aborted, { once: true });
  if (abort?.aborted === true) aborted();
  return () => {
    clearTimeout(timer);
    abort?.removeEventListener('abort', aborted);
  };
}

/**
 * Writes the input. A child that reads less than its input breaks the pipe, and its exit code tells more than
 * that error.
 */
function give(stdin: Writable, text: Buffer | string | undefined): void {
  stdin.on('error', () => undefined);
  stdin.end(text);
}

/**
 * Collects the bytes of a stream, as long as `take` agrees; settles at the end of the stream, by success or
 * error.
 */
export function gather(stream: Readable, take: (bytes: number) => boolean = () => true): Promise<Buffer> {
  const chunks: Buffer[] = [];
  return new Promise((resolve) => {
    stream.on('data', (chunk: Buffer) => {
      if (take(chunk.length)) chunks.push(chunk);
    });
    // The events 'end' and 'close' would not do: a silent child may have closed the stream before the
    // listener came.
    finished(stream, { writable: false }, () => resolve(Buffer.concat(chunks)));
    stream.resume();
  });
}

/** The advice that git adds, under the reason, for any repository that it could not read. */
const advice = /^(Please make sure you have the correct access rights|and the repository exists\.|)$/;

/** The end of git's output: enough to name the cause, short enough for a message. */
const lastLines = (stderr: string): string =>
  stderr
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => !advice.test(line))
    .slice(-3)
    .join(' | ')
    .slice(-500);

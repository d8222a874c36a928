import { spawn } from 'node:child_process';
import { killGroup, terminate } from '../process/terminate.ts';
import { BoundedOutput } from '../sandbox/bounded-output.ts';
import type { Delivered } from './webhook.ts';

const outputBytesMax = 16 * 1024;
const graceMs = 2000;

/** Time limit and environment of a command. */
export interface CommandOptions {
  readonly timeoutMs: number;
  readonly env: Readonly<Record<string, string>>;
  readonly abort?: AbortSignal;
}

/**
 * Runs a command that the operator named: no shell, no arguments, the delivery on stdin, bounded time and
 * output. Its process group is killed when time is up. The end of its output is kept as the status.
 */
export function runCommand(file: string, body: string, options: CommandOptions): Promise<Delivered> {
  return new Promise((resolve) => {
    const output = new BoundedOutput(outputBytesMax);
    const child = spawn(file, [], {
      env: { ...options.env },
      stdio: ['pipe', 'pipe', 'pipe'],
      detached: true,
    });
    let why: string | undefined;
    const kill = (): void => killGroup(child.pid, 'SIGKILL');
    const closed = new Promise((over) => child.once('close', over));
    const stop = (because: string): void => {
      why ??= because;
      void terminate({ ask: () => killGroup(child.pid, 'SIGTERM'), kill, ended: closed }, graceMs);
    };
    const late = setTimeout(() => stop(`killed after ${options.timeoutMs} ms`), options.timeoutMs);
    const aborted = (): void => stop('the gateway ended');
    options.abort?.addEventListener('abort', aborted, { once: true });
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (chunk: Buffer) => output.add(chunk));
    const end = (status: string, ok: boolean): void => {
      clearTimeout(late);
      options.abort?.removeEventListener('abort', aborted);
      // Child processes of the command must not outlive it.
      kill();
      resolve({ ok, status: `${status}\n${output.text()}`.trim().slice(0, 4000), again: !ok });
    };
    child.once('error', (error) => end(error.message, false));
    child.once('close', (code, signal) =>
      end(why ?? `exit ${code ?? signal}`, why === undefined && code === 0),
    );
    // A command that reads nothing may have ended before its input was written.
    child.stdin.on('error', () => {});
    child.stdin.end(body);
  });
}

import { spawn } from 'node:child_process';
import { fail } from '../../lib/errors.ts';
import { parseMark } from './mark-file.ts';
import type { MarkPlace } from './places.ts';

const commandMs = 30_000;
const outputBytesMax = 4_096;

/**
 * A witness that is a program of the operator: `PROGRAM get` prints the mark that it was given last, or
 * nothing; `PROGRAM put` gets one on standard input. Any other exit code than 0 is a failure.
 */
export const commandWitness = (path: string): MarkPlace => ({
  name: path,
  everyMs: 60_000,
  read: async () => parseMark(path, await run(path, 'get')),
  write: async (mark) => void (await run(path, 'put', `${JSON.stringify(mark)}\n`)),
});

function run(path: string, what: 'get' | 'put', input = ''): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(path, [what], {
      stdio: ['pipe', 'pipe', 'ignore'],
      timeout: commandMs,
      killSignal: 'SIGKILL',
    });
    let out = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      out += text;
      if (out.length > outputBytesMax) child.kill('SIGKILL');
    });
    child.stdin.on('error', () => undefined).end(input);
    child.once('error', (error) => reject(fail('log.mark', path, { found: error.message }, error)));
    child.once('close', (code, signal) => {
      if (code === 0) resolve(out);
      else reject(fail('log.mark', path, { found: `${what}: ${signal ?? `exit ${code}`}` }));
    });
  });
}

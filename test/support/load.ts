import { fork } from 'node:child_process';
import { connect } from 'node:net';
import { fileURLToPath } from 'node:url';

/** One recorded request, as bytes, sent again and again over keep-alive connections. */
export interface LoadOptions {
  readonly port: number;
  readonly request: string;
  readonly connections: number;
  readonly seconds: number;
}

export interface LoadResult {
  readonly perSecond: number;
  readonly failures: number;
}

/** Loads a server on loopback from a separate process; bounded in time, and it stops by itself. */
export function load(options: LoadOptions): Promise<LoadResult> {
  return new Promise((resolve, reject) => {
    const child = fork(fileURLToPath(import.meta.url), ['load'], { execArgv: ['--import', 'tsx'] });
    child.once('message', (result) => resolve(result as LoadResult));
    child.once('error', reject);
    child.send(options);
  });
}

async function runLoad({ port, request, connections, seconds }: LoadOptions): Promise<LoadResult> {
  let done = 0;
  let failures = 0;
  const bytes = Buffer.from(request);
  const end = performance.now() + seconds * 1000;
  const one = (): Promise<void> =>
    new Promise((resolve, reject) => {
      const socket = connect(port, '127.0.0.1', () => socket.write(bytes));
      let held = '';
      socket.on('error', reject);
      socket.on('close', () => resolve());
      socket.on('data', (chunk) => {
        held += chunk.toString('latin1');
        const head = held.indexOf('\r\n\r\n');
        if (head === -1) return;
        const length = Number(/content-length: (\d+)/i.exec(held)?.[1] ?? Number.NaN);
        const chunked = Number.isNaN(length);
        const whole = chunked ? held.endsWith('0\r\n\r\n') : held.length >= head + 4 + length;
        if (!whole) return;
        if (!held.startsWith('HTTP/1.1 200')) failures++;
        done++;
        held = '';
        if (performance.now() < end) socket.write(bytes);
        else socket.end();
      });
    });
  const started = performance.now();
  await Promise.all(Array.from({ length: connections }, one));
  return { perSecond: (done * 1000) / (performance.now() - started), failures };
}

if (process.argv[2] === 'load') {
  process.once('message', (options: LoadOptions) => {
    void runLoad(options).then((result) => process.send?.(result, () => process.disconnect()));
  });
}

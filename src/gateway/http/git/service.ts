import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Readable, Writable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import type { GitRunner } from '../../../git/runner.ts';
import { receiveConfig, receiveEnvironment, uploadConfig } from '../../../git/settings.ts';
import type { Child } from '../../../git/spawn/children.ts';
import { fail } from '../../../lib/errors.ts';
import type { GitRequest } from './request.ts';

/** The repository that a service of git works on, with its hooks and limits. */
export interface ServicePlace {
  readonly runner: GitRunner;
  readonly gitDir: string;
  readonly hooksDir: string;
  readonly pushBytesMax: number;
}

/** Starts upload-pack or receive-pack as `git http-backend` would, without the two processes in between. */
export function startService(place: ServicePlace, request: GitRequest): Promise<Child> {
  const { runner, gitDir, hooksDir, pushBytesMax } = place;
  const receive = request.service === 'receive-pack';
  const strict = receive ? [] : ['--strict'];
  const advertise = request.step === 'advertise' ? ['--http-backend-info-refs'] : [];
  return runner.stream([request.service, ...strict, '--stateless-rpc', ...advertise, gitDir], {
    cwd: gitDir,
    stdin: request.step === 'serve',
    talk: receive && request.step === 'serve',
    config: receive ? receiveConfig(hooksDir, pushBytesMax) : uploadConfig,
    env: {
      ...(receive && receiveEnvironment),
      ...(request.protocol !== undefined && { GIT_PROTOCOL: request.protocol }),
    },
  });
}

/** The lines that come before an advertisement: none in version 2 (gitprotocol-http, gitprotocol-v2). */
export function announcement({ service, protocol }: GitRequest): string {
  if (protocol?.split(':').includes('version=2')) return '';
  const line = `# service=git-${service}\n`;
  return `${(line.length + 4).toString(16).padStart(4, '0')}${line}0000`;
}

/** Sends the headers of a successful answer, which caches must never keep. */
export function sendHead(res: ServerResponse, { service, step }: GitRequest): void {
  res.writeHead(200, {
    'content-type': `application/x-git-${service}-${step === 'advertise' ? 'advertisement' : 'result'}`,
    'cache-control': 'no-cache, max-age=0, must-revalidate',
    expires: 'Fri, 01 Jan 1980 00:00:00 GMT',
    pragma: 'no-cache',
  });
}

/**
 * Feeds the body of a request, inflated, to a service; rejects with `push.size` once it is over the limit.
 * When a service stops reading, it has decided: the rest is read and dropped, so that the client gets to read
 * the answer.
 */
export async function feed(
  req: IncomingMessage,
  gzip: boolean,
  stdin: Writable,
  bytesMax: number,
): Promise<void> {
  stdin.on('error', () => undefined);
  let left = bytesMax;
  // The request is left open when this throws: the reason still has to be sent on its connection.
  for await (const chunk of bodyOf(req, gzip).iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    left -= chunk.length;
    if (left < 0) throw fail('push.size', 'the request', { found: 'more bytes', limit: bytesMax });
    if (stdin.writable && !stdin.write(chunk)) await drained(stdin);
  }
  stdin.end();
}

function bodyOf(req: IncomingMessage, gzip: boolean): Readable {
  if (!gzip) return req;
  const inflated = createGunzip();
  // The reader of the stream gets the error; without a reader the error does not matter.
  inflated.on('error', () => undefined);
  // `pipe` does not pass on that the client went away.
  req.once(
    'close',
    () =>
      req.complete || inflated.destroy(fail('git.protocol', 'the request', { found: 'its end is missing' })),
  );
  return req.pipe(inflated);
}

/** Settles when a stream takes more, or never will. */
function drained(stream: Writable): Promise<void> {
  return new Promise((resolve) => {
    const go = (): void => {
      stream.off('drain', go);
      stream.off('close', go);
      resolve();
    };
    stream.once('drain', go);
    stream.once('close', go);
  });
}

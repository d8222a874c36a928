import type { IncomingMessage } from 'node:http';
import { TRPCError } from '@trpc/server';
import { fail } from '../../lib/errors.ts';

/** The body of a request as text, at most `bytesMax` of it. Errors: `request.size`. */
export function readBody(req: IncomingMessage, bytesMax: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    req.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes > bytesMax) {
        req.pause();
        reject(tooLarge(bytesMax));
        return;
      }
      chunks.push(chunk);
    });
    req.once('end', () => resolve(Buffer.concat(chunks).toString('utf8')));
    req.once('error', reject);
    req.once('aborted', () =>
      reject(new TRPCError({ code: 'CLIENT_CLOSED_REQUEST', message: 'the client went away' })),
    );
  });
}

const tooLarge = (limit: number): TRPCError => {
  const cause = fail('request.size', 'body', { limit });
  return new TRPCError({ code: 'PAYLOAD_TOO_LARGE', message: cause.message, cause });
};

import type { IncomingMessage } from 'node:http';

/** A call that the gateway answered with success, and its reply. */
export interface AcceptedReply {
  readonly method: string | undefined;
  readonly path: string;
  readonly reply: IncomingMessage;
}

type HeardCall = (call: { readonly changed: boolean; readonly path: string }) => void;

/**
 * Reports the effects of a call that the gateway answered with success. The path tells them for tRPC. A tool
 * call tells them in a header of its answer (`andon-changed`, paths of procedures), a push in the report of
 * git: both are answered with 200 even when they were refused.
 */
export function tellCalls({ method, path, reply }: AcceptedReply, heard: HeardCall): void {
  if (path === '/mcp') tellTools(reply.headers['andon-changed'], heard);
  else if (path.endsWith('/git-receive-pack')) tellPush(path, reply, heard);
  else heard({ changed: method !== 'GET' && method !== 'HEAD', path });
}

function tellTools(named: string | string[] | undefined, heard: HeardCall): void {
  const paths = typeof named === 'string' ? named.split(',') : [];
  if (paths.length === 0) heard({ changed: false, path: '/mcp' });
  for (const path of paths) heard({ changed: true, path: `/trpc/${path}` });
}

// A successful line in git's report of a push (gitprotocol-pack, "Report Status") with its length before it.
const okLine = /[0-9a-f]{4}ok refs\//;
const overlap = 16;

function tellPush(path: string, reply: IncomingMessage, heard: HeardCall): void {
  let end = '';
  let changed = false;
  reply.on('data', (chunk: Buffer) => {
    if (changed) return;
    const text = end + chunk.toString('latin1');
    changed = okLine.test(text);
    end = text.slice(-overlap);
  });
  reply.once('end', () => heard({ changed, path }));
}

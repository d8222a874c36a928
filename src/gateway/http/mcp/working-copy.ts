import type { IncomingMessage } from 'node:http';
import type { WorkingCopy } from './permission.ts';

const cloneBytesMax = 4096;

/**
 * What the configuration of a client says about where its agent works: `X-Andon-Clone` names the clone by its absolute
 * path, `X-Andon-Run` the folder of its run, `X-Andon-Network: open` says that the agent may use the network, `X-Andon-Host` under which host and port it knows
 * the gateway when something stands between. Headers come from whoever started the agent.
 */
export function workingCopyOf({ headers }: IncomingMessage): WorkingCopy {
  const { 'x-andon-clone': clone, 'x-andon-run': run, 'x-andon-host': host } = headers;
  return {
    clone: typeof clone === 'string' ? absolute(clone) : undefined,
    runFolder: typeof run === 'string' ? absolute(run) : undefined,
    network: headers['x-andon-network'] === 'open',
    gatewayHost: typeof host === 'string' ? host : (headers.host ?? ''),
  };
}

/** Header text arrives as Latin-1, one character a byte; paths are UTF-8. */
function absolute(text: string): string | undefined {
  const path = Buffer.from(text, 'latin1').toString('utf8');
  return path.startsWith('/') && text.length <= cloneBytesMax && !path.includes('\ufffd') ? path : undefined;
}

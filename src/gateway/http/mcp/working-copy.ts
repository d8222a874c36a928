import type { IncomingMessage } from 'node:http';
import type { WorkingCopy } from './permission.ts';

const cloneBytesMax = 4096;

/**
 * The place of an agent's work, from the configuration of its client: `X-Andon-Clone` names the clone by its
 * absolute path, `X-Andon-Run` the folder of its run, `X-Andon-Network: open` says that the agent may use the
 * network, `X-Andon-Folders: refused` that it loads no whole folder, `X-Andon-Host` the host and port of the gateway as the agent knows it behind a proxy. The program
 * that started the agent sets these headers.
 */
export function workingCopyOf({ headers }: IncomingMessage): WorkingCopy {
  const { 'x-andon-clone': clone, 'x-andon-run': run, 'x-andon-host': host } = headers;
  return {
    clone: typeof clone === 'string' ? absolute(clone) : undefined,
    runFolder: typeof run === 'string' ? absolute(run) : undefined,
    network: headers['x-andon-network'] === 'open',
    refusesFolders: headers['x-andon-folders'] === 'refused',
    gatewayHost: typeof host === 'string' ? host : (headers.host ?? ''),
  };
}

/** A header as an absolute path: header text arrives as Latin-1, one character a byte; paths are UTF-8. */
function absolute(text: string): string | undefined {
  const path = Buffer.from(text, 'latin1').toString('utf8');
  return path.startsWith('/') && text.length <= cloneBytesMax && !path.includes('\ufffd') ? path : undefined;
}

import type { ServerResponse } from 'node:http';
import type { Code } from '../../../lib/codes/index.ts';
import type { AndonError } from '../../../lib/errors.ts';

/** Codes of JSON-RPC 2.0 for requests that are refused before any message is read. */
const rpcCodes: Partial<Record<Code, number>> = { 'request.invalid': -32700, 'request.depth': -32700 };
const invalidRequest = -32600;

/** Refuses a request as a whole: the status of the code, and a JSON-RPC error without an id. */
export function refuseRpc(res: ServerResponse, error: AndonError): void {
  if (res.headersSent) {
    res.destroy();
    return;
  }
  const { code, reasons, message, status } = error;
  const body = {
    jsonrpc: '2.0',
    error: { code: rpcCodes[code] ?? invalidRequest, message, data: { andon: { code, reasons } } },
    id: null,
  };
  // A body beyond the limit is not read to its end.
  res.setHeader('connection', 'close');
  if (status === 405) res.setHeader('allow', 'POST');
  const text = JSON.stringify(body);
  res.writeHead(status, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) });
  res.end(text);
}

/**
 * Refuses a request for its token (RFC 6750, section 3): names the scheme when there is no token, and the
 * token's fault when there is one.
 */
export function refuseToken(res: ServerResponse, error: AndonError): void {
  const detail =
    error.code === 'token.missing' ? '' : `, error="invalid_token", error_description="${error.code}"`;
  res.setHeader('www-authenticate', `Bearer realm="andon"${detail}`);
  refuseRpc(res, error);
}

import type { ServerResponse } from 'node:http';
import { type AndonError, sentence } from '../../lib/errors.ts';

/** Answers a text. */
export function text(
  res: ServerResponse,
  status: number,
  body: string,
  type = 'text/plain; charset=utf-8',
): void {
  res.writeHead(status, {
    'content-type': type,
    'x-content-type-options': 'nosniff',
    'content-length': Buffer.byteLength(body),
  });
  res.end(body);
}

/** Answers a refusal, with every reason. */
export function refuse(res: ServerResponse, error: AndonError): void {
  if (res.headersSent) {
    res.destroy();
    return;
  }
  const body = {
    error: { message: error.message, data: { andon: { code: error.code, reasons: error.reasons } } },
  };
  res.setHeader('connection', 'close');
  text(
    res,
    error.status,
    `${JSON.stringify({ ...body, text: error.reasons.map(sentence) })}\n`,
    'application/json',
  );
}

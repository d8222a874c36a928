import type { TRPCError } from '@trpc/server';
import { ZodError } from 'zod';
import { codes } from '../../lib/codes/index.ts';
import { type Reason, reason } from '../../lib/decision.ts';
import { AndonError, fail } from '../../lib/errors.ts';
import { isUnavailable } from '../../store/retry.ts';

const byStatus: Readonly<Record<number, TRPCError['code']>> = {
  200: 'INTERNAL_SERVER_ERROR',
  400: 'BAD_REQUEST',
  401: 'UNAUTHORIZED',
  403: 'FORBIDDEN',
  404: 'NOT_FOUND',
  405: 'METHOD_NOT_SUPPORTED',
  408: 'TIMEOUT',
  409: 'CONFLICT',
  413: 'PAYLOAD_TOO_LARGE',
  500: 'INTERNAL_SERVER_ERROR',
  503: 'SERVICE_UNAVAILABLE',
};

/** The tRPC code that has the HTTP status of the error. */
export const trpcCode = (error: AndonError): TRPCError['code'] =>
  byStatus[codes[error.code].http] ?? 'INTERNAL_SERVER_ERROR';

const trpcOwn: Partial<
  Record<TRPCError['code'], 'request.invalid' | 'request.path' | 'request.method' | 'request.size'>
> = {
  BAD_REQUEST: 'request.invalid',
  PARSE_ERROR: 'request.invalid',
  NOT_FOUND: 'request.path',
  METHOD_NOT_SUPPORTED: 'request.method',
  PAYLOAD_TOO_LARGE: 'request.size',
  UNSUPPORTED_MEDIA_TYPE: 'request.invalid',
};

/** Turns any error into one of the table. An unknown error becomes `internal`, and its text is not shown. */
export function asAndonError(error: TRPCError): AndonError {
  const { cause } = error;
  if (cause instanceof AndonError) return cause;
  if (cause instanceof ZodError) return inputError(cause);
  if (isUnavailable(cause)) return fail('store.unavailable', 'database', {}, cause);
  const code = trpcOwn[error.code];
  if (code !== undefined) return fail(code, 'request', { found: error.message.split('\n')[0] ?? '' });
  return fail('internal', 'gateway');
}

function inputError(cause: ZodError): AndonError {
  const [first, ...rest] = cause.issues.slice(0, 20).map((issue): Reason => {
    const found =
      issue.code === 'unrecognized_keys' ? `unknown member ${issue.keys.join(', ')}` : issue.message;
    return reason('request.invalid', issue.path.map(String).join('.') || 'input', { found });
  });
  return new AndonError(first === undefined ? [reason('request.invalid', 'input')] : [first, ...rest]);
}

import { TRPCError } from '@trpc/server';
import { fail } from '../../lib/errors.ts';
import { readJson } from '../../lib/json.ts';
import { limits } from '../../lib/limits.ts';

/** Parses the JSON of a request; undefined for an empty text. Errors: `request.depth`, `request.invalid`. */
export function parseJson(text: string): unknown {
  if (text === '') return undefined;
  const read = readJson(text, limits.jsonDepthMax);
  if (read.fault === undefined) return read.value;
  if (read.fault === 'deep') throw badRequest(fail('request.depth', 'input', { limit: limits.jsonDepthMax }));
  const found = read.fault === 'proto' ? 'a member `__proto__`' : 'no JSON';
  throw badRequest(fail('request.invalid', 'input', { found }));
}

const badRequest = (cause: ReturnType<typeof fail>): TRPCError =>
  new TRPCError({ code: 'BAD_REQUEST', message: cause.message, cause });

import { TRPCError } from '@trpc/server';
import { fail } from '../../lib/errors.ts';
import { limits } from '../../lib/limits.ts';

/** JSON.parse for text from outside: bounded depth, and no `__proto__` that a later merge could trip over. */
export function parseJson(text: string): unknown {
  if (text === '') return undefined;
  if (depthOf(text) > limits.jsonDepthMax)
    throw badRequest(fail('request.depth', 'input', { limit: limits.jsonDepthMax }));
  try {
    return JSON.parse(text, refuseProto) as unknown;
  } catch (error) {
    if (error instanceof TRPCError) throw error;
    throw badRequest(fail('request.invalid', 'input', { found: 'no JSON' }));
  }
}

function refuseProto(key: string, value: unknown): unknown {
  if (key === '__proto__')
    throw badRequest(fail('request.invalid', 'input', { found: 'a member `__proto__`' }));
  return value;
}

const badRequest = (cause: ReturnType<typeof fail>): TRPCError =>
  new TRPCError({ code: 'BAD_REQUEST', message: cause.message, cause });

/** How deep brackets nest, strings left out; stops counting once the limit is passed. */
export function depthOf(text: string): number {
  let depth = 0;
  let deepest = 0;
  let inString = false;
  for (let i = 0; i < text.length && deepest <= limits.jsonDepthMax; i++) {
    const char = text.charCodeAt(i);
    if (inString) {
      if (char === 92) i++;
      else if (char === 34) inString = false;
    } else if (char === 34) inString = true;
    else if (char === 123 || char === 91) deepest = Math.max(deepest, ++depth);
    else if (char === 125 || char === 93) depth--;
  }
  return deepest;
}

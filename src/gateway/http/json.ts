import { TRPCError } from '@trpc/server';
import { fail } from '../../lib/errors.ts';
import { limits } from '../../lib/limits.ts';

/** JSON.parse for text from outside: bounded depth, and no `__proto__` that a later merge could trip over. */
export function parseJson(text: string): unknown {
  if (text === '') return undefined;
  if (depthOf(text) > limits.jsonDepthMax)
    throw badRequest(fail('request.depth', 'input', { limit: limits.jsonDepthMax }));
  try {
    return (mayHoldProto.test(text) ? JSON.parse(text, refuseProto) : JSON.parse(text)) as unknown;
  } catch (error) {
    if (error instanceof TRPCError) throw error;
    throw badRequest(fail('request.invalid', 'input', { found: 'no JSON' }));
  }
}

// A look at every member costs more than parsing: only a text that could name it, be it by an escape, is looked at so.
const mayHoldProto = /__proto__|\\u/;

function refuseProto(key: string, value: unknown): unknown {
  if (key === '__proto__')
    throw badRequest(fail('request.invalid', 'input', { found: 'a member `__proto__`' }));
  return value;
}

const badRequest = (cause: ReturnType<typeof fail>): TRPCError =>
  new TRPCError({ code: 'BAD_REQUEST', message: cause.message, cause });

const quote = 34;
const backslash = 92;
/** What a character adds to the depth: brackets of either kind. */
const steps: Readonly<Record<number, number>> = { 91: 1, 123: 1, 93: -1, 125: -1 };

/** How deep brackets nest, strings left out; stops counting once the limit is passed. */
export function depthOf(text: string): number {
  let depth = 0;
  let deepest = 0;
  for (let i = 0; i < text.length && deepest <= limits.jsonDepthMax; i++) {
    const char = text.charCodeAt(i);
    if (char === quote) i = endOfString(text, i);
    else depth += steps[char] ?? 0;
    if (depth > deepest) deepest = depth;
  }
  return deepest;
}

/** Where the string that begins at `start` ends; the end of the text when it does not. */
function endOfString(text: string, start: number): number {
  for (let i = start + 1; i < text.length; i++) {
    const char = text.charCodeAt(i);
    if (char === quote) return i;
    if (char === backslash) i++;
  }
  return text.length;
}

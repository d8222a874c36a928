import type { CallToolResult } from '@modelcontextprotocol/sdk/types.js';
import { TRPCError } from '@trpc/server';
import type { z } from 'zod';
import type { Call } from '../../admission/admission.ts';
import { answered, asRefusal, refused } from './answer.ts';
import { noOwn, type Own, ownMembers, type View } from './answers/views.ts';
import { type Reach, withToolWords } from './next-words.ts';
import type { GatewayTool } from './tools.ts';

/**
 * Calls a tool as its procedure is called over tRPC: the same schema, the same `admit`. Admission refuses and
 * records a tool that the grant does not list, like any other call. The view cuts the answer to a model's measure.
 */
export async function callTool(
  tool: GatewayTool,
  call: Call,
  given: unknown,
  reach: Reach,
): Promise<CallToolResult> {
  const { procedure, view } = tool;
  try {
    const { own, input } = divided(view, withProject(call, given));
    const parsed = valid(procedure.input, input);
    const answer = await procedure.run(call, parsed);
    return answered(withToolWords(view.shows(answer, own, parsed as Record<string, unknown>), reach));
  } catch (error) {
    return refused(asRefusal(error), reach);
  }
}

function valid(schema: z.ZodType, input: unknown): unknown {
  const parsed = schema.safeParse(input);
  if (parsed.success) return parsed.data;
  throw new TRPCError({ code: 'BAD_REQUEST', message: parsed.error.message, cause: parsed.error });
}

/** The arguments of a call in two parts: those of the view, and the input of the procedure. */
function divided(view: View, given: unknown): { own: Own; input: unknown } {
  if (typeof given !== 'object' || given === null) return { own: noOwn, input: given };
  const isOwn = (name: string): boolean => (view.adds as readonly string[]).includes(name);
  const [mine, rest] = [true, false].map((wanted) =>
    Object.fromEntries(Object.entries(given).filter(([name]) => isOwn(name) === wanted)),
  );
  const own = valid(ownMembers, mine) as Own;
  return { own, input: { ...rest, ...view.asks(own) } };
}

/** Fills in the project of the grant when the model names none; with a grant on every project the model has to. */
function withProject({ grant }: Call, given: unknown): unknown {
  const input = given ?? {};
  const { project } = grant.cap;
  if (project === '*' || typeof input !== 'object' || Object.hasOwn(input, 'project')) return input;
  return { ...input, project };
}

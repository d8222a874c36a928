import type { CallToolResult } from '@modelcontextprotocol/sdk/types.js';
import { TRPCError } from '@trpc/server';
import type { Call } from '../../admission/admission.ts';
import { answered, asRefusal, refused } from './answer.ts';
import type { GatewayTool } from './tools.ts';

/**
 * Calls a tool as its procedure is called over tRPC: the same schema, the same `admit`. Admission refuses and
 * records a tool that the grant does not list, like any other call.
 */
export async function callTool(tool: GatewayTool, call: Call, given: unknown): Promise<CallToolResult> {
  try {
    const parsed = tool.procedure.input.safeParse(withProject(call, given));
    if (!parsed.success)
      throw new TRPCError({ code: 'BAD_REQUEST', message: parsed.error.message, cause: parsed.error });
    return answered(await tool.procedure.run(call, parsed.data));
  } catch (error) {
    return refused(asRefusal(error));
  }
}

/** Fills in the project of the grant when the model names none; with a grant on every project the model has to. */
function withProject({ grant }: Call, given: unknown): unknown {
  const input = given ?? {};
  const { project } = grant.cap;
  if (project === '*' || typeof input !== 'object' || Object.hasOwn(input, 'project')) return input;
  return { ...input, project };
}

import { CallToolRequestSchema } from '@modelcontextprotocol/sdk/types.js';
import type { Reason } from '../../../lib/decision.ts';
import { authorise } from '../../../tiers/authorise.ts';
import type { Call } from '../../admission/admission.ts';
import { rememberedFacts } from '../../admission/entry.ts';
import type { Gateway } from '../../services.ts';
import { callTool } from './call-tool.ts';
import type { McpCall } from './server.ts';

// The answers of these calls are thrown away.
const noReach = { granted: new Set<string>(), listed: new Set<string>() };

/** Reasons why the token of a call has ended, as memory knows them; undefined while it lives. */
export function endedReasons(gateway: Gateway, call: Call): [Reason, ...Reason[]] | undefined {
  const { grant } = call;
  const { project } = grant.cap;
  const facts = rememberedFacts(gateway, call, project);
  const [first, ...rest] = authorise(grant, { action: 'grant:explain', project }, facts).filter(({ code }) =>
    code.startsWith('token.'),
  );
  return first === undefined ? undefined : [first, ...rest];
}

/**
 * Records the calls of an ended token: they are answered with 401, as the protocol demands, so no tool
 * answers; admission gets them all the same, refuses them and records that.
 */
export async function recordTries({ tools, call }: McpCall, body: unknown): Promise<void> {
  for (const message of Array.isArray(body) ? body : [body]) {
    const parsed = CallToolRequestSchema.safeParse(message);
    const tool = parsed.success ? tools.get(parsed.data.params.name) : undefined;
    if (tool !== undefined) await callTool(tool, call, parsed.data?.params.arguments, noReach);
  }
}

import type { CallToolResult, Tool } from '@modelcontextprotocol/sdk/types.js';
import { z } from 'zod';
import type { Reason } from '../../../lib/decision.ts';
import { sentence } from '../../../lib/errors.ts';
import { type ToolFacts, toolUseReasons } from '../../../policies/tool-use/tool-use.ts';
import type { Call } from '../../admission/admission.ts';
import { authoriseRead } from '../../admission/admit-query.ts';
import type { Gateway } from '../../services.ts';
import { asRefusal } from './answer.ts';

const input = z.object({
  tool_name: z.string().max(200),
  input: z.record(z.string(), z.unknown()),
  tool_use_id: z.string().max(200).optional(),
});

/** The question that Claude Code asks by `--permission-prompt-tool`: may this tool be used with this input? */
export const permissionTool: Tool = {
  name: 'permission_prompt',
  description:
    'For --permission-prompt-tool of Claude Code, not for the model: tells whether a tool may be used, by the grant of the token.',
  inputSchema: {
    type: 'object',
    properties: {
      tool_name: { type: 'string', description: 'Name of the tool' },
      input: { type: 'object', description: 'Its input' },
      tool_use_id: { type: 'string', description: 'Id of the use' },
    },
    required: ['tool_name', 'input'],
  },
  annotations: { readOnlyHint: true, openWorldHint: false },
};

/**
 * Facts about the agent's machine that the transport knows, from the configuration of the client, never from
 * the model.
 */
export type WorkingCopy = Pick<
  ToolFacts,
  'clone' | 'runFolder' | 'network' | 'refusesFolders' | 'gatewayHost'
>;

/**
 * Answers the question in the form that Claude Code reads, a text of JSON. Every failure is a denial. Denials
 * are not written to the log: no call has been made yet, and admission records calls made in spite of them.
 */
export async function answerPermission(
  gateway: Gateway,
  call: Call,
  given: unknown,
  workingCopy: WorkingCopy,
): Promise<CallToolResult> {
  const parsed = input.safeParse(given);
  if (!parsed.success)
    return behaviour({ behavior: 'deny', message: 'the question has another form than expected' });
  const { tool_name: tool, input: toolInput } = parsed.data;
  try {
    await authoriseRead(gateway, call, { action: 'grant:explain', project: call.grant.cap.project });
    const reasons = toolUseReasons({ tool, input: toolInput }, { ...workingCopy, cap: call.grant.cap });
    if (reasons.length === 0) return behaviour({ behavior: 'allow', updatedInput: toolInput });
    return denied(reasons);
  } catch (error) {
    return denied(asRefusal(error).reasons);
  }
}

const denied = (reasons: readonly Reason[]): CallToolResult =>
  behaviour({ behavior: 'deny', message: reasons.map(sentence).join('\n') });

const behaviour = (answer: Readonly<Record<string, unknown>>): CallToolResult => ({
  content: [{ type: 'text', text: JSON.stringify(answer) }],
});

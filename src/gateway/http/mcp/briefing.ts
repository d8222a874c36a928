import type { Tool } from '@modelcontextprotocol/sdk/types.js';
import type { Briefing } from '../../../memory/briefing.ts';
import type { Call } from '../../admission/admission.ts';
import type { DirectProcedure } from '../../admission/procedure.ts';
import { type Reach, toolWords } from './next-words.ts';

/** URI of the resource that briefs an agent on its rights and tasks. */
export const briefingUri = 'andon://briefing';

/** The same as a tool, for clients that read no resources. */
export const briefingTool: Tool = {
  name: 'briefing',
  description:
    'Tells where you stand: your rights, the task that you hold, how the last attempt ended, what to do next. Call it first.',
  inputSchema: { type: 'object', properties: {} },
  annotations: { readOnlyHint: true, openWorldHint: false },
};

/** The briefing of a caller as a text, with next steps as tools. Errors: those of the procedure. */
export async function briefingText(show: DirectProcedure, call: Call, reach: Reach): Promise<string> {
  const { project } = call.grant.cap;
  if (project === '*') return 'You work on every project: name the project in each call.';
  const { lines } = (await show.run(call, { project })) as Briefing;
  // Texts that others wrote stay as they are.
  return lines.map(({ text, own }) => (own ? toolWords(text, reach) : text)).join('\n');
}

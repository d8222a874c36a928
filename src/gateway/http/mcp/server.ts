import { Server } from '@modelcontextprotocol/sdk/server/index.js';
import {
  CallToolRequestSchema,
  type CallToolResult,
  ErrorCode,
  ListResourcesRequestSchema,
  ListToolsRequestSchema,
  McpError,
  ReadResourceRequestSchema,
  type Tool,
} from '@modelcontextprotocol/sdk/types.js';
import { AjvJsonSchemaValidator } from '@modelcontextprotocol/sdk/validation/ajv-provider.js';
import { z } from 'zod';
import type { Tier } from '../../../tiers/actions.ts';
import type { Call } from '../../admission/admission.ts';
import type { DirectProcedure } from '../../admission/procedure.ts';
import type { Gateway } from '../../services.ts';
import { asRefusal, refused } from './answer.ts';
import { briefingText, briefingTool, briefingUri } from './briefing.ts';
import { callTool } from './call-tool.ts';
import type { ToolChoice } from './core-tools.ts';
import type { Reach } from './next-words.ts';
import { answerPermission, permissionTool, type WorkingCopy } from './permission.ts';
import { type GatewayTool, isChosen, isListed } from './tools.ts';

/** Context for the answer to one request. */
export interface McpCall {
  readonly gateway: Gateway;
  readonly tools: ReadonlyMap<string, GatewayTool>;
  /** The procedure of the briefing. */
  readonly briefing: DirectProcedure;
  readonly call: Call;
  readonly workingCopy: WorkingCopy;
  /** The tools that the client lists. */
  readonly choice: ToolChoice;
  /** Called with the path of each procedure that was allowed to change state. */
  readonly changed: (path: string) => void;
}

// One validator for all: a server makes its own otherwise, which costs more than the whole call. Andon does
// not use it.
const jsonSchemaValidator = new AjvJsonSchemaValidator();

// Looser than the SDK's own schema, which is checked after this one: a failure there is answered with the
// code for wrong parameters, and a failure here would show as a defect of the server.
const anyToolCall = z.object({ method: z.literal('tools/call'), params: z.unknown().optional() });

/** The first words to a model, by tier. */
const instructions: Readonly<Record<Tier, string>> = {
  human: 'Plan with plan_put, read where things are with task_waiting and message_list.',
  executive:
    'Read where things are with task_waiting and message_list, decide, start agents with agent_spawn. You write no code.',
  implementer: 'Take work with task_claim, push to the branch it names, offer it with change_submit.',
  validator:
    'Find changes with change_list, read them with change_diff and gate_list, then verdict_approve or verdict_reject. You claim no task.',
};

const instructionsFor = (tier: Tier): string =>
  `Andon is the line this project is worked on. Call briefing first. ${instructions[tier]} A refusal names every reason and the next step: do that, and do not look for a way around it.`;

/** The MCP server for one HTTP request: it holds no state, so it can be dropped after the answer. */
export function createMcpServer(context: McpCall): Server {
  const server = new Server(
    { name: 'andon', title: 'Andon', version: '1' },
    {
      capabilities: { tools: {}, resources: {} },
      instructions: instructionsFor(context.call.grant.cap.tier),
      jsonSchemaValidator,
    },
  );
  server.setRequestHandler(ListToolsRequestSchema, () => ({ tools: listed(context) }));
  server.setRequestHandler(anyToolCall, (request) =>
    runTool(context, CallToolRequestSchema.parse(request).params),
  );
  server.setRequestHandler(ListResourcesRequestSchema, () => ({
    resources: [
      {
        uri: briefingUri,
        name: 'briefing',
        title: 'Briefing',
        description: 'Your rights here, and the task that you hold.',
        mimeType: 'text/markdown',
      },
    ],
  }));
  server.setRequestHandler(ReadResourceRequestSchema, ({ params }) => readResource(context, params.uri));
  return server;
}

/** The tools of a grant, the first ones of its tier's core in front. */
function listed({ tools, call: { grant }, choice }: McpCall): Tool[] {
  const form = grant.cap.project === '*' ? 'open' : 'bound';
  const own = [...tools.values()]
    .filter((tool) => isListed(grant.cap, tool) && isChosen(choice, grant.cap, tool.name))
    .map((tool) => tool[form]);
  return [briefingTool, ...own, permissionTool];
}

/** The tools that the caller may call, and those that its client has listed. */
function reachOf({ tools, call: { grant }, choice }: McpCall): Reach {
  const granted = [...tools.values()].filter((tool) => isListed(grant.cap, tool)).map(({ name }) => name);
  const names = [briefingTool.name, ...granted];
  return {
    granted: new Set(names),
    listed: new Set(names.filter((name) => isChosen(choice, grant.cap, name))),
  };
}

interface ToolParams {
  readonly name: string;
  readonly arguments?: Record<string, unknown> | undefined;
}

async function runTool(context: McpCall, params: ToolParams): Promise<CallToolResult> {
  const { gateway, tools, call, workingCopy, changed } = context;
  if (params.name === permissionTool.name)
    return answerPermission(gateway, call, params.arguments, workingCopy);
  if (params.name === briefingTool.name) return brief(context);
  const tool = tools.get(params.name);
  if (tool === undefined)
    throw new McpError(ErrorCode.InvalidParams, `unknown tool ${JSON.stringify(params.name.slice(0, 100))}`);
  const result = await callTool(tool, call, params.arguments, reachOf(context));
  if (tool.procedure.type === 'mutation' && result.isError !== true) changed(tool.path);
  return result;
}

async function brief(context: McpCall): Promise<CallToolResult> {
  try {
    return { content: [{ type: 'text', text: await briefingOf(context) }] };
  } catch (error) {
    return refused(asRefusal(error), reachOf(context));
  }
}

const briefingOf = (context: McpCall): Promise<string> =>
  briefingText(context.briefing, context.call, reachOf(context));

/** Code of MCP for a resource that does not exist. */
const resourceNotFound = -32002;

async function readResource(context: McpCall, uri: string) {
  if (uri !== briefingUri)
    throw new McpError(resourceNotFound, 'resource not found', { uri: uri.slice(0, 200) });
  try {
    return { contents: [{ uri, mimeType: 'text/markdown', text: await briefingOf(context) }] };
  } catch (error) {
    const { code, reasons, message } = asRefusal(error);
    throw new McpError(ErrorCode.InvalidRequest, message, { code, reasons });
  }
}

import { Server } from '@modelcontextprotocol/sdk/server/index.js';
import {
  CallToolRequestSchema,
  type CallToolResult,
  ErrorCode,
  ListResourcesRequestSchema,
  ListToolsRequestSchema,
  McpError,
  ReadResourceRequestSchema,
} from '@modelcontextprotocol/sdk/types.js';
import { AjvJsonSchemaValidator } from '@modelcontextprotocol/sdk/validation/ajv-provider.js';
import { z } from 'zod';
import type { Call } from '../../admission/admission.ts';
import type { DirectProcedure } from '../../admission/procedure.ts';
import type { Gateway } from '../../services.ts';
import { asRefusal } from './answer.ts';
import { briefing, briefingUri } from './briefing.ts';
import { callTool } from './call-tool.ts';
import { answerPermission, permissionTool, type WorkingCopy } from './permission.ts';
import { type GatewayTool, isListed } from './tools.ts';

/** Context for the answer to one request. */
export interface McpCall {
  readonly gateway: Gateway;
  readonly tools: ReadonlyMap<string, GatewayTool>;
  readonly call: Call;
  readonly workingCopy: WorkingCopy;
  /** Called with the path of each procedure that was allowed to change state. */
  readonly changed: (path: string) => void;
}

// One validator for all: a server makes its own otherwise, which costs more than the whole call. Andon does
// not use it.
const jsonSchemaValidator = new AjvJsonSchemaValidator();

// Looser than the SDK's own schema, which is checked after this one: a failure there is answered with the
// code for wrong parameters, and a failure here would show as a defect of the server.
const anyToolCall = z.object({ method: z.literal('tools/call'), params: z.unknown().optional() });

const instructions =
  'Andon is the line this project is worked on. Read andon://briefing first. Take work with task_claim, push to the branch it names, offer it with change_submit. A refusal names every reason and the next step: do that, and do not look for a way around it.';

/** The MCP server for one HTTP request: it holds no state, so it can be dropped after the answer. */
export function createMcpServer(context: McpCall): Server {
  const server = new Server(
    { name: 'andon', title: 'Andon', version: '1' },
    { capabilities: { tools: {}, resources: {} }, instructions, jsonSchemaValidator },
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

function listed({ tools, call: { grant } }: McpCall) {
  const form = grant.cap.project === '*' ? 'open' : 'bound';
  const own = [...tools.values()].filter((tool) => isListed(grant.cap, tool)).map((tool) => tool[form]);
  return [...own, permissionTool];
}

interface ToolParams {
  readonly name: string;
  readonly arguments?: Record<string, unknown> | undefined;
}

async function runTool(context: McpCall, params: ToolParams): Promise<CallToolResult> {
  const { gateway, tools, call, workingCopy, changed } = context;
  if (params.name === permissionTool.name)
    return answerPermission(gateway, call, params.arguments, workingCopy);
  const tool = tools.get(params.name);
  if (tool !== undefined) {
    const result = await callTool(tool, call, params.arguments);
    if (tool.procedure.type === 'mutation' && result.isError !== true) changed(tool.path);
    return result;
  }
  throw new McpError(ErrorCode.InvalidParams, `unknown tool ${JSON.stringify(params.name.slice(0, 100))}`);
}

/** Code of MCP for a resource that does not exist. */
const resourceNotFound = -32002;

async function readResource({ tools, call }: McpCall, uri: string) {
  if (uri !== briefingUri)
    throw new McpError(resourceNotFound, 'resource not found', { uri: uri.slice(0, 200) });
  const sources = {
    explain: procedureOf(tools, 'token_explain'),
    tasks: procedureOf(tools, 'task_list'),
    show: procedureOf(tools, 'task_show'),
  };
  try {
    const text = await briefing(sources, call);
    return { contents: [{ uri, mimeType: 'text/markdown', text }] };
  } catch (error) {
    const { code, reasons, message } = asRefusal(error);
    throw new McpError(ErrorCode.InvalidRequest, message, { code, reasons });
  }
}

function procedureOf(tools: ReadonlyMap<string, GatewayTool>, name: string): DirectProcedure {
  const tool = tools.get(name);
  if (tool === undefined) throw new Error(`the router has lost ${name}`);
  return tool.procedure;
}

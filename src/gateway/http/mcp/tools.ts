import type { Tool } from '@modelcontextprotocol/sdk/types.js';
import type { AnyRouter } from '@trpc/server';
import { type Action, actions, type Tier } from '../../../tiers/actions.ts';
import type { Capability } from '../../../tiers/capability.ts';
import type { ProcedureMeta } from '../../admission/definitions.ts';
import { type DirectProcedure, directProcedures } from '../../admission/procedure.ts';
import { ownTexts, type View, viewOf } from './answers/views.ts';
import { coreTools, type ToolChoice } from './core-tools.ts';
import { destructive, idempotent, openWorld } from './hints.ts';
import { leftOut } from './left-out.ts';
import { modelSchema } from './schema.ts';
import { toolName } from './tool-name.ts';

/** A procedure as a tool. */
export interface GatewayTool {
  /** `task_claim` for `task.claim`, `token_raise_epoch` for `token.raiseEpoch`. */
  readonly name: string;
  readonly path: string;
  readonly action: Action;
  readonly procedure: DirectProcedure;
  readonly view: View;
  /** The tool for a grant on every project: `project` has to be given. */
  readonly open: Tool;
  /** The tool for a grant on one project: `project` is not listed, and may be given. */
  readonly bound: Tool;
}

/** Every tool of the router, by name. Made once: names, texts and schemas come from the procedures themselves. */
export function toolsOf(router: AnyRouter): ReadonlyMap<string, GatewayTool> {
  const metas = router._def.procedures as Record<string, { _def: { meta?: ProcedureMeta } }>;
  const made = [...directProcedures(router)].flatMap(([path, procedure]) => {
    const meta = metas[path]?._def.meta;
    return meta === undefined || Object.hasOwn(leftOut, path) ? [] : [toolOf(path, procedure, meta)];
  });
  return new Map(made.map((tool) => [tool.name, tool]));
}

/**
 * True when a grant lists the tool: the action is among its actions, and its tier may exercise it. The call
 * is judged again anyway.
 */
export const isListed = (cap: Capability, { action }: GatewayTool): boolean =>
  cap.actions.includes(action) && (actions[action].tiers as readonly Tier[]).includes(cap.tier);

/** True when a client that chose so lists the tool for a tier. */
export const isChosen = (choice: ToolChoice, { tier }: Capability, name: string): boolean =>
  choice === 'all' || coreTools[tier].includes(name);

function toolOf(path: string, procedure: DirectProcedure, meta: ProcedureMeta): GatewayTool {
  const name = toolName(path);
  const view = viewOf(path);
  const open: Tool = {
    name,
    description: meta.description,
    inputSchema: withOwn(modelSchema(name, procedure.input), view),
    annotations: annotationsOf(path, procedure),
  };
  return { name, path, action: meta.action, procedure, view, open, bound: bind(open) };
}

/** The schema with the members that the view adds, and without those that it sets. */
function withOwn(schema: Tool['inputSchema'], { adds, hides }: View): Tool['inputSchema'] {
  const kept = Object.entries(schema.properties ?? {}).filter(([name]) => !hides.includes(name));
  const added = adds.map((name) => [name, ownTexts[name]] as const);
  return { ...schema, properties: Object.fromEntries([...kept, ...added]) };
}

function annotationsOf(path: string, { type }: DirectProcedure): Tool['annotations'] {
  if (type === 'query') return { readOnlyHint: true, openWorldHint: false };
  return {
    readOnlyHint: false,
    destructiveHint: destructive.has(path),
    idempotentHint: idempotent.has(path),
    openWorldHint: openWorld.has(path),
  };
}

/** The project of the grant stands for the one that is left out, so a model need not read of it. */
function bind(tool: Tool): Tool {
  const { properties = {}, required = [], ...rest } = tool.inputSchema;
  const { project: _given, ...others } = properties;
  const still = required.filter((member) => member !== 'project');
  return { ...tool, inputSchema: { ...rest, properties: others, required: still } };
}

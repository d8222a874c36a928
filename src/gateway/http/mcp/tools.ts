import type { Tool } from '@modelcontextprotocol/sdk/types.js';
import type { AnyRouter } from '@trpc/server';
import { z } from 'zod';
import { type Action, actions, type Tier } from '../../../tiers/actions.ts';
import type { Capability } from '../../../tiers/capability.ts';
import type { ProcedureMeta } from '../../admission/definitions.ts';
import { type DirectProcedure, directProcedures } from '../../admission/procedure.ts';
import { destructive, idempotent, openWorld } from './hints.ts';
import { leftOut } from './left-out.ts';

/** A procedure as a tool. */
export interface GatewayTool {
  /** `task_claim` for `task.claim`, `token_raise_epoch` for `token.raiseEpoch`. */
  readonly name: string;
  readonly path: string;
  readonly action: Action;
  readonly procedure: DirectProcedure;
  /** The tool for a grant on every project: `project` has to be given. */
  readonly open: Tool;
  /** The tool for a grant on one project: `project` may be left out. */
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

/** The name of a procedure's tool: `task.claim` becomes `task_claim`. */
export const toolName = (path: string): string =>
  path.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`).replaceAll('.', '_');

function toolOf(path: string, procedure: DirectProcedure, meta: ProcedureMeta): GatewayTool {
  const name = toolName(path);
  const { $schema: _draft, ...schema } = z.toJSONSchema(procedure.input, {
    io: 'input',
    unrepresentable: 'any',
  });
  const open: Tool = {
    name,
    title: titleOf(name),
    description: meta.description,
    inputSchema: { ...schema, type: 'object' } as Tool['inputSchema'],
    annotations: annotationsOf(path, procedure),
  };
  return { name, path, action: meta.action, procedure, open, bound: bind(open) };
}

/** The title of a tool: `task_claim` becomes `Task: claim`. */
function titleOf(name: string): string {
  const [noun = '', ...rest] = name.split('_');
  return `${noun.charAt(0).toUpperCase()}${noun.slice(1)}: ${rest.join(' ')}`;
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

function bind(tool: Tool): Tool {
  const { properties = {}, required = [], ...rest } = tool.inputSchema;
  const project = { ...properties.project, description: 'The project of your token when left out.' };
  const still = required.filter((member) => member !== 'project');
  return { ...tool, inputSchema: { ...rest, properties: { ...properties, project }, required: still } };
}

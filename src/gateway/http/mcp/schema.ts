import type { Tool } from '@modelcontextprotocol/sdk/types.js';
import { z } from 'zod';
import { memberText } from './members.ts';

type Json = Readonly<Record<string, unknown>>;

const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/**
 * Words of a schema that tell a model nothing which the sentence of the member does not: regular expressions, the
 * bounds of safe integers, the ban on other members. zod checks all of them when the tool is called.
 */
const leftOut = new Set(['$schema', 'pattern', 'propertyNames', 'additionalProperties', 'minLength']);
const bounds = new Set(['minimum', 'maximum']);

function isKept(key: string, value: unknown): boolean {
  if (key === 'additionalProperties') return isObject(value) && Object.keys(value).length > 0;
  if (bounds.has(key)) return Math.abs(Number(value)) < Number.MAX_SAFE_INTEGER;
  return !leftOut.has(key);
}

/** The schema of an input as a model reads it: every member with a sentence, and no regular expression. */
export function modelSchema(tool: string, input: z.ZodType): Tool['inputSchema'] {
  const made = z.toJSONSchema(input, { io: 'input', unrepresentable: 'any' });
  return { ...(plain(tool, made, '') as Json), type: 'object' } as Tool['inputSchema'];
}

function plain(tool: string, value: unknown, path: string): unknown {
  if (Array.isArray(value)) return value.map((one) => plain(tool, one, path));
  if (!isObject(value)) return value;
  const kept = Object.entries(value).filter(([key, one]) => isKept(key, one));
  return Object.fromEntries(kept.map(([key, one]) => [key, within(tool, key, one, path)]));
}

function within(tool: string, key: string, value: unknown, path: string): unknown {
  if (key === 'properties' && isObject(value)) return members(tool, value, path);
  return plain(tool, value, key === 'items' || key === 'additionalProperties' ? `${path}[]` : path);
}

function members(tool: string, properties: Json, path: string): Json {
  const made = Object.entries(properties).map(([name, schema]) => {
    const at = path === '' ? name : `${path}.${name}`;
    return [name, told(plain(tool, schema, at), memberText(tool, at))];
  });
  return Object.fromEntries(made);
}

/** A member with its sentence: its schema's own, else that of the table. Alternatives that are all texts read as one text. */
function told(schema: unknown, text: string | undefined): unknown {
  if (!isObject(schema)) return schema;
  const { anyOf, ...rest } = schema;
  const isText = Array.isArray(anyOf) && anyOf.every((one) => isObject(one) && one.type === 'string');
  const single = isText ? { type: 'string', ...rest } : schema;
  return text === undefined || 'description' in single ? single : { ...single, description: text };
}

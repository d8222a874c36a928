import type { CallToolResult } from '@modelcontextprotocol/sdk/types.js';
import { getTRPCErrorFromUnknown } from '@trpc/server';
import type { Reason } from '../../../lib/decision.ts';
import { type AndonError, sentence } from '../../../lib/errors.ts';
import { asAndonError } from '../../admission/errors.ts';
import { type Reach, withToolWords } from './next-words.ts';

/**
 * An answer in the form of a tool: JSON as text for the model, the same as an object for programs. A list
 * becomes the member `items` and a plain value the member `value`, since MCP demands an object.
 */
export function answered(answer: unknown): CallToolResult {
  const text = JSON.stringify(answer) ?? 'null';
  return { content: [{ type: 'text', text }], structuredContent: asObject(JSON.parse(text)) };
}

function asObject(value: unknown): Record<string, unknown> {
  if (Array.isArray(value)) return { items: value };
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : { value };
}

const reasonsMax = 25;

/** A refusal in the form of a tool: every reason in one line with its next step as a tool, and the same as data. */
export function refused(error: AndonError, reach: Reach): CallToolResult {
  const { code } = error;
  const reasons = withToolWords(error.reasons.slice(0, reasonsMax), reach) as Reason[];
  const left = error.reasons.length - reasons.length;
  const count = error.reasons.length === 1 ? '1 reason' : `${error.reasons.length} reasons`;
  const more = left === 0 ? [] : [`… and ${left} more`];
  const text = [`refused (${count})`, ...reasons.map(sentence), ...more].join('\n');
  return {
    isError: true,
    content: [{ type: 'text', text }],
    structuredContent: { error: { code, reasons } },
  };
}

/**
 * Turns the failure of a call into the error that tRPC would show; a failure that is no refusal becomes
 * `internal`.
 */
export const asRefusal = (error: unknown): AndonError => asAndonError(getTRPCErrorFromUnknown(error));

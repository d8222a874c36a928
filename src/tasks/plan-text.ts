import { LineCounter, parseDocument } from 'yaml';
import type { z } from 'zod';
import { type Reason, reason } from '../lib/decision.ts';
import { AndonError, fail } from '../lib/errors.ts';
import { type Plan, planSchema } from './plan.ts';

const planBytesMax = 1024 * 1024;
const aliasesMax = 100;

/**
 * Reads andon.yaml. Aliases are bounded (an alias bomb is refused before it expands), keys are unique, unknown
 * members are refused. Errors: `plan.invalid`, one reason for every fault, with its line where known.
 */
export function parsePlan(text: string): Plan {
  if (text.length > planBytesMax)
    throw fail('plan.invalid', 'andon.yaml', { found: `${text.length} bytes`, limit: planBytesMax });
  const lines = new LineCounter();
  const document = parseDocument(text, {
    uniqueKeys: true,
    lineCounter: lines,
    version: '1.2',
    schema: 'core',
    merge: false,
  });
  const faults = document.errors.map((error) =>
    reason('plan.invalid', `line ${lines.linePos(error.pos[0]).line}`, { found: firstLine(error.message) }),
  );
  throwIfAny(faults);
  const parsed = planSchema.safeParse(expand(document));
  if (parsed.success) return parsed.data;
  throw new AndonError(nonEmpty(parsed.error.issues.map(asReason)));
}

function expand(document: ReturnType<typeof parseDocument>): unknown {
  try {
    return document.toJS({ maxAliasCount: aliasesMax });
  } catch (error) {
    throw fail(
      'plan.invalid',
      'andon.yaml',
      { found: error instanceof Error ? firstLine(error.message) : 'unreadable' },
      error,
    );
  }
}

const firstLine = (text: string): string => text.split('\n')[0] ?? '';

/** One fault of a zod schema as a reason: the place as a dotted path, what was wrong with it. */
export function asReason(issue: z.core.$ZodIssue): Reason {
  const place = issue.path.map(String).join('.') || 'andon.yaml';
  const found =
    issue.code === 'unrecognized_keys'
      ? `unknown member ${issue.keys.map((key) => `\`${key}\``).join(', ')}`
      : issue.message;
  return reason('plan.invalid', place, { found });
}

function throwIfAny(faults: Reason[]): void {
  if (faults.length > 0) throw new AndonError(nonEmpty(faults));
}

function nonEmpty(reasons: Reason[]): [Reason, ...Reason[]] {
  const [first, ...rest] = reasons;
  if (first === undefined) return [reason('plan.invalid', 'andon.yaml')];
  return [first, ...rest];
}

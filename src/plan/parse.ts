import { LineCounter, parseDocument } from 'yaml';
import { type Reason, reason } from '../lib/decision.ts';
import { AndonError, fail } from '../lib/errors.ts';
import { planFaults, shortened } from './fault.ts';
import { type Plan, planSchema } from './plan.ts';
import { nestsDeeperThan } from './yaml-depth.ts';

const planBytesMax = 1024 * 1024;
const aliasesMax = 100;
const depthMax = 32;
/** Only the first faults are reported of a file that is wrong all over. */
const reasonsMax = 50;

/**
 * Reads andon.yaml. Depth and aliases are bounded (a bomb is refused before it is composed or expands), keys
 * are unique, tags and unknown members are refused. Errors: `plan.invalid`, one reason for each of the first
 * faults, with its line when known.
 */
export function parsePlan(text: string): Plan {
  const bytes = Buffer.byteLength(text);
  if (bytes > planBytesMax)
    throw fail('plan.invalid', 'andon.yaml', { found: `${bytes} bytes`, limit: `${planBytesMax} bytes` });
  if (nestsDeeperThan(text, depthMax))
    throw fail('plan.invalid', 'andon.yaml', { found: 'nested too deeply', limit: `${depthMax} levels` });
  const lines = new LineCounter();
  const document = parseDocument(text, {
    uniqueKeys: true,
    lineCounter: lines,
    version: '1.2',
    schema: 'core',
    merge: false,
  });
  // An unknown tag is only a warning to the parser, and its value would pass as a string.
  const unread = [...document.errors, ...document.warnings].slice(0, reasonsMax);
  throwIfAny(
    unread.map((error) =>
      reason('plan.invalid', `line ${lines.linePos(error.pos[0]).line}`, { found: firstLine(error.message) }),
    ),
  );
  const value = expand(document);
  const parsed = planSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  const faults = planFaults(parsed.error.issues, { document, lines, value });
  throw new AndonError(nonEmpty(faults.slice(0, reasonsMax)));
}

// The schema would drop such a member without a word.
function refuseProto(key: unknown, value: unknown): unknown {
  if (key === '__proto__') throw fail('plan.invalid', 'andon.yaml', { found: 'a member `__proto__`' });
  return value;
}

function expand(document: ReturnType<typeof parseDocument>): unknown {
  try {
    return document.toJS({ maxAliasCount: aliasesMax, reviver: refuseProto });
  } catch (error) {
    if (error instanceof AndonError) throw error;
    throw fail(
      'plan.invalid',
      'andon.yaml',
      { found: error instanceof Error ? firstLine(error.message) : 'unreadable' },
      error,
    );
  }
}

const firstLine = (text: string): string => shortened(text.split('\n')[0] ?? '');

function throwIfAny(faults: Reason[]): void {
  if (faults.length > 0) throw new AndonError(nonEmpty(faults));
}

function nonEmpty(reasons: Reason[]): [Reason, ...Reason[]] {
  const [first, ...rest] = reasons;
  if (first === undefined) return [reason('plan.invalid', 'andon.yaml')];
  return [first, ...rest];
}

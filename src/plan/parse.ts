import { isScalar, LineCounter, parseDocument, visit } from 'yaml';
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
    // The library compares each key with all before it: 10,000 tasks take seconds. See `repeatedKeys`.
    uniqueKeys: false,
    lineCounter: lines,
    version: '1.2',
    schema: 'core',
    merge: false,
  });
  // An unknown tag is only a warning to the parser, and its value would pass as a string.
  const unread = [...document.errors, ...document.warnings].map(({ pos, message }) => ({
    at: pos[0],
    message,
  }));
  const faults = [...unread, ...repeatedKeys(document)].slice(0, reasonsMax);
  throwIfAny(
    faults.map(({ at, message }) =>
      reason('plan.invalid', `line ${lines.linePos(at).line}`, { found: firstLine(message) }),
    ),
  );
  const value = expand(document);
  const parsed = planSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  const wrong = planFaults(parsed.error.issues, { document, lines, value });
  throw new AndonError(nonEmpty(wrong.slice(0, reasonsMax)));
}

/** Keys that a map of the document holds twice, with the place of the later one. */
function repeatedKeys(document: ReturnType<typeof parseDocument>): { at: number; message: string }[] {
  const found: { at: number; message: string }[] = [];
  visit(document, {
    Map: (_key, { items }) => {
      const known = new Set<string>();
      for (const { key } of items) {
        if (!isScalar(key)) continue;
        const name = `${typeof key.value} ${String(key.value)}`;
        if (known.has(name)) found.push({ at: key.range?.[0] ?? 0, message: 'Map keys must be unique' });
        known.add(name);
      }
    },
  });
  return found;
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

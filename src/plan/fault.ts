import type { Document, LineCounter } from 'yaml';
import type { z } from 'zod';
import { type Reason, reason } from '../lib/decision.ts';

type Issue = z.core.$ZodIssue;

/** A plan as a text, as a tree with positions, and as values. */
export interface PlanText {
  readonly document: Document;
  readonly lines: LineCounter;
  readonly value: unknown;
}

/** Faults of a plan as people read them: the member, its line, what stands there and what is wanted. No word of the library. */
export const planFaults = (issues: readonly Issue[], text: PlanText): Reason[] =>
  issues.flatMap((issue) => closest(issue)).map((issue) => asReason(issue, text));

/** Of the forms that a value may have, the one that it comes closest to: that with the fewest faults. */
function closest(issue: Issue): Issue[] {
  if (issue.code !== 'invalid_union' || issue.errors.length === 0) return [issue];
  const [best = []] = [...issue.errors].sort((one, other) => one.length - other.length);
  return best.flatMap((one) => closest({ ...one, path: [...issue.path, ...one.path] } as Issue));
}

function asReason(issue: Issue, text: PlanText): Reason {
  const place = shortened(issue.path.map(String).join('.')) || 'andon.yaml';
  const line = lineOf(issue.path, text);
  const found = `${shortened(foundWords(issue, text))}${line === undefined ? '' : ` (line ${line})`}`;
  const limit = wanted(issue);
  return reason('plan.invalid', place, limit === undefined ? { found } : { found, limit: shortened(limit) });
}

/** Values of the file are quoted back to people; a megabyte of text is no help. */
export const shortened = (text: string): string => (text.length > 300 ? `${text.slice(0, 300)}…` : text);

/** The line of a value, or of the nearest member above it that the text has. */
function lineOf(path: readonly PropertyKey[], { document, lines }: PlanText): number | undefined {
  for (let depth = path.length; depth > 0; depth--) {
    const node: unknown = document.getIn(path.slice(0, depth), true);
    const range = (node as { range?: readonly number[] | null } | undefined)?.range;
    if (range?.[0] !== undefined) return lines.linePos(range[0]).line;
  }
  return undefined;
}

const quotedMax = 60;

function foundWords(issue: Issue, { value }: PlanText): string {
  if (issue.code === 'unrecognized_keys')
    return `unknown member ${issue.keys
      .slice(0, 20)
      .map((key) => `\`${key}\``)
      .join(', ')}`;
  if (issue.code === 'invalid_key') return `the name ${String(issue.path.at(-1))}`;
  const there = valueAt(value, issue.path);
  if (there === undefined) return 'nothing';
  const text = JSON.stringify(there) ?? String(there);
  return text.length > quotedMax ? `${text.slice(0, quotedMax)}…` : text;
}

const valueAt = (value: unknown, path: readonly PropertyKey[]): unknown =>
  path.reduce<unknown>(
    (inner, key) =>
      typeof inner === 'object' && inner !== null && Object.hasOwn(inner, key)
        ? (inner as Record<PropertyKey, unknown>)[key]
        : undefined,
    value,
  );

const kinds: Readonly<Record<string, string>> = {
  string: 'text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'members',
  record: 'members',
};
const units: Readonly<Record<string, string>> = { string: ' characters', array: ' entries' };

type IssueCode = Issue['code'];
type IssueOf<C extends IssueCode> = Extract<Issue, { code: C }>;

/** Words of a right value by the kind of fault; an unknown member has none. */
const wishes: { readonly [C in IssueCode]?: (issue: IssueOf<C>) => string | undefined } = {
  unrecognized_keys: () => undefined,
  invalid_type: ({ expected }) => kinds[expected] ?? expected,
  invalid_value: ({ values }) => `one of ${values.map(String).join(', ')}`,
  too_small: ({ minimum, origin }) => `at least ${minimum}${units[origin] ?? ''}`,
  too_big: ({ maximum, origin }) => `at most ${maximum}${units[origin] ?? ''}`,
  invalid_key: ({ issues: [first] }) => first?.message ?? 'a name',
};

/** The wish for a fault; the words of the schema itself where the rule is one of ours. */
function wanted(issue: Issue): string | undefined {
  const wish = wishes[issue.code] as ((issue: Issue) => string | undefined) | undefined;
  return wish === undefined ? issue.message : wish(issue);
}

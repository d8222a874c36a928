import { canonicalJson } from '../../store/log/chain.ts';
import type { GuardLine } from '../../store/log/event-data/shared.ts';

/** A changed guard before its values are put into words. */
export interface GuardChange {
  readonly where: string;
  /** The member of the plan that the rule on changes by people names: `gates`, `tasks.cart.unprotect`. */
  readonly member: string;
  readonly before: unknown;
  readonly after: unknown;
  readonly weakens: boolean;
}

/** True when the step from one value to another lets more pass. */
export type Weakens = (before: unknown, after: unknown) => boolean;

/** The value of a record under a name, never one of Object.prototype. */
export const own = <T>(record: Readonly<Record<string, T>> | undefined, name: string): T | undefined =>
  record !== undefined && Object.hasOwn(record, name) ? record[name] : undefined;

/** The names of two records, each once: those of the first one first. */
export const namesOf = (before: object = {}, after: object = {}): string[] => [
  ...new Set([...Object.keys(before), ...Object.keys(after)]),
];

/** True when two values of a plan are the same; plans from the database have their members in another order. */
export const same = (before: unknown, after: unknown): boolean =>
  canonicalJson(before ?? null) === canonicalJson(after ?? null);

/** The entries of the second list that the first one lacks. */
export const gained = (before: unknown, after: unknown): unknown[] => {
  const known = new Set(listOf(before).map(canonicalJson));
  return listOf(after).filter((one) => !known.has(canonicalJson(one)));
};

const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

const shownMax = 200;
const leadMax = 40;

/** A change with its values in words, cut so that the first difference is seen. */
export function guardLine({ where, before, after, weakens }: GuardChange, personOnly: boolean): GuardLine {
  const [was, is] = [wordsOf(before), wordsOf(after)];
  const from = (was?.length ?? 0) > shownMax || (is?.length ?? 0) > shownMax ? firstDifference(was, is) : 0;
  return { where, before: cut(was, from), after: cut(is, from), weakens, personOnly };
}

function wordsOf(value: unknown): string | null {
  if (value === undefined || value === null) return null;
  if (Array.isArray(value)) return value.length === 0 ? null : value.map((one) => wordsOf(one)).join(', ');
  return typeof value === 'object' ? canonicalJson(value) : String(value);
}

function firstDifference(one: string | null, other: string | null): number {
  if (one === null || other === null) return 0;
  let at = 0;
  while (at < one.length && one[at] === other[at]) at += 1;
  return Math.max(0, at - leadMax);
}

function cut(text: string | null, from: number): string | null {
  if (text === null) return null;
  const shown = text.slice(from, from + shownMax);
  return `${from > 0 ? '…' : ''}${shown}${from + shownMax < text.length ? '…' : ''}`;
}

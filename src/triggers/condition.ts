import { durationMs } from '../lib/durations.ts';
import type { PlanTrigger } from '../plan/triggers.ts';
import type { ChainedEvent } from '../store/log/chain.ts';

/** When a trigger of events fires. */
export type Condition = Pick<PlanTrigger, 'where' | 'consecutive' | 'count' | 'within' | 'per'>;

/** The times of the events that a condition has counted under one key, oldest first. */
export type ConditionTally = readonly number[];

export type Fields = Pick<ChainedEvent, 'subject' | 'actor' | 'action' | 'allowed' | 'data'>;

/** A field of an event by its path; undefined where there is none. Reads own members only. */
export function fieldOf(event: Fields, path: string): unknown {
  let value: unknown = event;
  for (const member of path.split('.')) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, member)) return undefined;
    value = (value as Record<string, unknown>)[member];
  }
  return value;
}

/** True when every field is equal to what the condition says, type and value. */
export const matches = ({ where = {} }: Condition, event: Fields): boolean =>
  Object.entries(where).every(([path, wanted]) => fieldOf(event, path) === wanted);

const keyCharactersMax = 200;

/** Under which key an event is counted: the field that `per` names, else its task, else what it is about. */
export function keyOf({ per }: Condition, event: Fields): string {
  if (per === 'project') return '';
  const value = per === undefined ? (fieldOf(event, 'data.task') ?? event.subject) : fieldOf(event, per);
  return (typeof value === 'string' ? value : (JSON.stringify(value) ?? '')).slice(0, keyCharactersMax);
}

/** True when the condition needs no more than one event, and keeps no tally. */
export const isImmediate = ({ consecutive = 1, count = 1 }: Condition): boolean =>
  consecutive === 1 && count === 1;

/** What one more event of the type makes of the tally of its key. Pure. */
export function counted(
  condition: Condition,
  tally: ConditionTally,
  event: Fields & { readonly atMs: number },
): { readonly tally: ConditionTally; readonly fires: boolean } {
  const isMatch = matches(condition, event);
  const wanted = condition.consecutive ?? condition.count ?? 1;
  if (!isMatch) return { tally: condition.consecutive === undefined ? tally : [], fires: false };
  const next = [...tally, event.atMs].filter((atMs) => atMs > event.atMs - withinMs(condition));
  if (next.length < wanted) return { tally: next, fires: false };
  // What has fired is not counted again.
  return { tally: [], fires: true };
}

const withinMs = ({ within }: Condition): number =>
  within === undefined ? Number.POSITIVE_INFINITY : durationMs(within);

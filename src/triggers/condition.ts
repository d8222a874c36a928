import { durationMs } from '../lib/durations.ts';
import type { PlanTrigger } from '../plan/triggers.ts';
import type { ChainedEvent } from '../store/log/chain.ts';

/** The condition under which a trigger of events fires. */
export type Condition = Pick<PlanTrigger, 'where' | 'consecutive' | 'count' | 'within' | 'per'>;

/** The times of the events that a condition has counted under one key, oldest first. */
export type ConditionTally = readonly number[];

/** The fields of an event that conditions can read. */
export type Fields = Pick<ChainedEvent, 'subject' | 'actor' | 'action' | 'allowed' | 'data'>;

/** A field of an event by its path; undefined when there is none. Reads own members only. */
export function fieldOf(event: Fields, path: string): unknown {
  let value: unknown = event;
  for (const member of path.split('.')) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, member)) return undefined;
    value = (value as Record<string, unknown>)[member];
  }
  return value;
}

/** True when every field named by the condition has the type and value that the condition demands. */
export const matches = ({ where = {} }: Condition, event: Fields): boolean =>
  Object.entries(where).every(([path, wanted]) => fieldOf(event, path) === wanted);

const keyCharactersMax = 200;

/** The key under which an event is counted: the field that `per` names, else its task, else its subject. */
export function keyOf({ per }: Condition, event: Fields): string {
  if (per === 'project') return '';
  const value = per === undefined ? (fieldOf(event, 'data.task') ?? event.subject) : fieldOf(event, per);
  return (typeof value === 'string' ? value : (JSON.stringify(value) ?? '')).slice(0, keyCharactersMax);
}

/** True when the condition needs no more than one event, and keeps no tally. */
export const isImmediate = ({ consecutive = 1, count = 1 }: Condition): boolean =>
  consecutive === 1 && count === 1;

/** The tally of a key after one more event of the type, and if the condition fires. Pure. */
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
  // Events that led to a fire are not counted again.
  return { tally: [], fires: true };
}

const withinMs = ({ within }: Condition): number =>
  within === undefined ? Number.POSITIVE_INFINITY : durationMs(within);

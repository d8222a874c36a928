import type { LogHead } from '../store/log/chain.ts';
import type { LoggedReason } from '../store/log/event-data/shared.ts';
import { type LoggedEvent, taskOf } from '../store/log/logged-event.ts';

/** An event in the form that audits read. */
export type SeenEvent = LoggedEvent & Pick<LogHead<Date>, 'actor' | 'allowed' | 'action' | 'at'>;

/** Refused calls of one agent for one reason, which an audit treats as a security event. */
export interface Violation {
  readonly actor: string;
  readonly action: string;
  readonly code: string;
  /** The first path or subject of those calls. */
  readonly subject: string;
  readonly count: number;
}

/** Sums over a part of the log that concern the plan; tallies of parts add up to that of the whole. */
export interface Tally {
  /** Tasks under which an action outside their scope was tried. */
  readonly outOfScope: readonly string[];
  /** Tasks added to the plan after its work had begun, and commits that reached main around the plan. */
  readonly unplanned: readonly string[];
  readonly hasBegun: boolean;
  readonly violations: readonly Violation[];
  readonly counts: Readonly<Record<string, number>>;
}

/** The tally of no events. */
export const noTally: Tally = { outOfScope: [], unplanned: [], hasBegun: false, violations: [], counts: {} };

const scopeCodes = new Set([
  'scope.write',
  'scope.protected',
  'scope.delete',
  'frame.merge',
  'task.scope',
  'phase.closed',
  'ref.namespace',
]);
const listMax = 2_000;

/** Adds events to a tally. Pure. */
export function tallyEvents(before: Tally, events: readonly SeenEvent[]): Tally {
  const sum = new Sum(before);
  for (const event of events) sum.add(event);
  return sum.tally();
}

/** A tally to which events are being added. */
class Sum {
  readonly #outOfScope: Set<string>;
  readonly #unplanned: Set<string>;
  readonly #violations: Map<string, Violation>;
  readonly #counts: Record<string, number>;
  #hasBegun: boolean;

  constructor({ outOfScope, unplanned, violations, counts, hasBegun }: Tally) {
    this.#outOfScope = new Set(outOfScope);
    this.#unplanned = new Set(unplanned);
    this.#violations = new Map(violations.map((one) => [keyOf(one), one]));
    this.#counts = { ...counts };
    this.#hasBegun = hasBegun;
  }

  add(event: SeenEvent): void {
    const name = event.type === 'run.ended' ? `run.ended:${event.data.outcome}` : event.type;
    this.#counts[name] = (this.#counts[name] ?? 0) + 1;
    if (event.type === 'task.claimed') this.#hasBegun = true;
    for (const one of unplannedOf(event, this.#hasBegun)) put(this.#unplanned, one);
    for (const denied of reasonsOf(event)) this.#deny(event, denied);
  }

  #deny(event: SeenEvent, { code, subject }: LoggedReason): void {
    note(this.#violations, { actor: event.actor, action: event.action ?? '', code, subject, count: 1 });
    // An event without a task counts under its agent.
    if (scopeCodes.has(code)) put(this.#outOfScope, taskOf(event) ?? event.actor);
  }

  tally(): Tally {
    return {
      outOfScope: [...this.#outOfScope],
      unplanned: [...this.#unplanned],
      hasBegun: this.#hasBegun,
      violations: [...this.#violations.values()],
      counts: this.#counts,
    };
  }
}

const put = (set: Set<string>, one: string): unknown => set.size < listMax && set.add(one);

const keyOf = ({ actor, action, code }: Pick<Violation, 'actor' | 'action' | 'code'>): string =>
  `${actor} ${action} ${code}`;

function note(violations: Map<string, Violation>, one: Violation): void {
  const known = violations.get(keyOf(one));
  if (known !== undefined) violations.set(keyOf(one), { ...known, count: known.count + 1 });
  else if (violations.size < listMax) violations.set(keyOf(one), one);
}

const reasonsOf = ({ type, data }: SeenEvent): readonly LoggedReason[] =>
  type === 'call.denied' ? data.reasons : [];

function unplannedOf({ type, data, subject }: SeenEvent, hasBegun: boolean): string[] {
  if (type === 'project.synced') return data.kind === 'forwarded' ? [`commit ${data.main.slice(0, 12)}`] : [];
  if (type !== 'plan.applied' || !hasBegun) return [];
  const { added, hash, addedTasks } = data;
  if (addedTasks !== undefined) return [...addedTasks];
  // An event of an earlier version counts its tasks and does not name them.
  return Array.from({ length: Math.min(added, 100) }, (_, n) => `${subject} +${n + 1} (${hash.slice(0, 8)})`);
}

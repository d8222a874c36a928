/** An event as audits look at it. */
export interface SeenEvent {
  readonly type: string;
  readonly actor: string;
  readonly subject: string;
  readonly allowed: boolean;
  readonly action: string | null;
  readonly at: Date;
  readonly data: Record<string, unknown>;
}

interface DeniedReason {
  readonly code: string;
  readonly subject: string;
}

/** Refused calls of one agent for one reason: what A034 calls a security event. */
export interface Violation {
  readonly actor: string;
  readonly action: string;
  readonly code: string;
  /** The first path or thing that it was about. */
  readonly subject: string;
  readonly count: number;
}

/** What part of the log says about the plan, added up; tallies of parts add up to that of the whole. */
export interface Tally {
  /** Tasks for which something outside their scope was tried. */
  readonly outOfScope: readonly string[];
  /** Tasks that came into the plan after its work had begun, and commits that came round it. */
  readonly unplanned: readonly string[];
  readonly hasBegun: boolean;
  readonly violations: readonly Violation[];
  readonly counts: Readonly<Record<string, number>>;
}

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

/** A tally while events are added to it. */
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
    const name = event.type === 'run.ended' ? `run.ended:${String(event.data.outcome)}` : event.type;
    this.#counts[name] = (this.#counts[name] ?? 0) + 1;
    if (event.type === 'task.claimed') this.#hasBegun = true;
    for (const one of unplannedOf(event, this.#hasBegun)) put(this.#unplanned, one);
    for (const denied of reasonsOf(event)) this.#deny(event, denied);
  }

  #deny(event: SeenEvent, { code, subject }: DeniedReason): void {
    note(this.#violations, { actor: event.actor, action: event.action ?? '', code, subject, count: 1 });
    if (scopeCodes.has(code)) put(this.#outOfScope, taskOf(event));
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

const reasonsOf = ({ allowed, data }: SeenEvent): readonly DeniedReason[] =>
  !allowed && Array.isArray(data.reasons) ? (data.reasons as DeniedReason[]) : [];

/** The task that a refused call was about, as far as it says; else the agent stands for it. */
function taskOf({ subject, data, actor }: SeenEvent): string {
  if (typeof data.task === 'string') return data.task;
  return subject.startsWith('task/') ? subject.slice('task/'.length) : actor;
}

function unplannedOf({ type, data, subject }: SeenEvent, hasBegun: boolean): string[] {
  if (type === 'project.synced')
    return data.kind === 'forwarded' ? [`commit ${String(data.main).slice(0, 12)}`] : [];
  if (type !== 'plan.applied' || !hasBegun) return [];
  const added = Number(data.added ?? 0);
  return Array.from(
    { length: Math.min(added, 100) },
    (_, n) => `${subject} +${n + 1} (${String(data.hash ?? '').slice(0, 8)})`,
  );
}

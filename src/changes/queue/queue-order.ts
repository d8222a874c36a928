import { priorities } from '../../plan/kinds.ts';

/** An approved change, as far as its place in the queue goes. */
export interface QueueRow {
  readonly id: string;
  readonly priority: (typeof priorities)[number];
  readonly approvedAtMs: number;
  /** Time at which its part was cleared: it stands at the end of the queue since. */
  readonly clearedAtMs: number | undefined;
  readonly needs: readonly string[];
  /** Set by a person: these stand before all others, the lowest first. */
  readonly position: number | undefined;
  /** Place in the head of the queue that is under test, which nobody joins but at its end. */
  readonly headPlace: number | undefined;
  /** Changes that joined the queue after this one, and have landed before it. */
  readonly overtaken: number;
}

/** Most that a change overtakes, and most times that it is overtaken, so that nobody waits for ever. */
const overtakingMax = 8;
const agesAfterMs = 3_600_000;

const joinedAt = ({ approvedAtMs, clearedAtMs }: QueueRow): number => clearedAtMs ?? approvedAtMs;

const by = (key: (row: QueueRow) => number) => (one: QueueRow, other: QueueRow) =>
  key(one) - key(other) || joinedAt(one) - joinedAt(other) || (one.id < other.id ? -1 : 1);

function rankOf({ priority, approvedAtMs }: QueueRow, nowMs: number): number {
  const isOld = priority === 'low' && nowMs - approvedAtMs >= agesAfterMs;
  return priorities.indexOf(isOld ? 'normal' : priority);
}

/** Lets each change pass those that joined before it and are less urgent. */
function byPriority(rows: readonly QueueRow[], nowMs: number): QueueRow[] {
  const order: QueueRow[] = [];
  const overtaken = new Map(rows.map((row) => [row.id, row.overtaken]));
  for (const row of rows.toSorted(by(joinedAt))) {
    let at = order.length;
    for (; order.length - at < overtakingMax; at--) {
      const before = order[at - 1];
      if (before === undefined || rankOf(before, nowMs) <= rankOf(row, nowMs)) break;
      const times = overtaken.get(before.id) ?? 0;
      if (times >= overtakingMax) break;
      overtaken.set(before.id, times + 1);
    }
    order.splice(at, 0, row);
  }
  return order;
}

/** Moves each change behind what it needs, and else leaves the order alone. */
function needsFirst(rows: readonly QueueRow[]): string[] {
  const before = new Set(rows.map(({ id }) => id));
  const order: string[] = [];
  const waiting: QueueRow[] = [];
  for (const row of rows) {
    waiting.push(row);
    for (;;) {
      const at = waiting.findIndex(({ needs }) => !needs.some((need) => before.has(need)));
      const [next] = at < 0 ? [] : waiting.splice(at, 1);
      if (next === undefined) break;
      order.push(next.id);
      before.delete(next.id);
    }
  }
  return [...order, ...waiting.map(({ id }) => id)];
}

/** Order of the queue: the first is to land first. */
export function orderQueue(rows: readonly QueueRow[], nowMs: number): string[] {
  const set = rows.filter(({ position }) => position !== undefined).sort(by((row) => row.position ?? 0));
  const others = rows.filter(({ position }) => position === undefined);
  const head = others.filter((row) => row.headPlace !== undefined).sort(by((row) => row.headPlace ?? 0));
  const free = others.filter((row) => row.headPlace === undefined);
  return needsFirst([...set, ...head, ...byPriority(free, nowMs)]);
}

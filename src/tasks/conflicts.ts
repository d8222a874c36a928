import { fail } from '../lib/errors.ts';
import { overlaps } from '../lib/glob-search.ts';

/** A task's write scope. */
export interface Scoped {
  readonly id: string;
  readonly write: readonly string[];
  readonly deny: readonly string[];
}

/** A thousand tasks that all overlap each other have about this many pairs. */
const pairsMax = 500_000;

/**
 * Every pair of tasks (both ways round) whose write scopes share a path. Tasks of one scope are compared as
 * one, and scopes whose literal beginnings part are never compared, so plans of thousands of tasks stay fast.
 * Errors: `plan.invalid` when there are more pairs than a project can keep apart.
 */
export function conflicts(tasks: readonly Scoped[]): [string, string][] {
  const scopes = grouped(tasks);
  const pairs: [string, string][] = [];
  const add = (one: string, other: string): void => {
    pairs.push([one, other], [other, one]);
    refuseTooMany(pairs.length / 2);
  };
  for (const { ids, scope } of scopes) if (ids.length > 1 && meet(scope, scope)) addAmong(ids, add);
  for (const [one, other] of neighbours(scopes))
    if (meet(one.scope, other.scope)) addAcross(one.ids, other.ids, add);
  return pairs;
}

type Add = (one: string, other: string) => void;

function addAmong(ids: readonly string[], add: Add): void {
  for (const [i, one] of ids.entries()) for (const other of ids.slice(i + 1)) add(one, other);
}

function addAcross(ones: readonly string[], others: readonly string[], add: Add): void {
  for (const one of ones) for (const other of others) add(one, other);
}

interface Group {
  readonly scope: Scoped;
  readonly ids: string[];
}

function grouped(tasks: readonly Scoped[]): Group[] {
  const groups = new Map<string, Group>();
  for (const task of tasks) {
    const key = JSON.stringify([task.write, task.deny]);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, { scope: task, ids: [task.id] });
    else group.ids.push(task.id);
  }
  return [...groups.values()];
}

const meet = (one: Scoped, other: Scoped): boolean =>
  overlaps(one.write, one.deny, other.write, other.deny) !== undefined;

/** The beginning that all paths of a glob share: the text before its first wildcard. */
const literalBeginning = (glob: string): string => glob.split(/[*?]/, 1)[0] ?? '';

/**
 * Pairs of groups in which the literal beginning of one glob is a prefix of another's; no others can overlap.
 * In sorted order, the texts with a common prefix follow that prefix directly.
 */
function neighbours(groups: readonly Group[]): [Group, Group][] {
  const begins = groups.flatMap((group, index) =>
    group.scope.write.map((glob) => ({ text: literalBeginning(glob), group, index })),
  );
  begins.sort((a, b) => (a.text < b.text ? -1 : Number(a.text > b.text)));
  const seen = new Set<number>();
  const pairs: [Group, Group][] = [];
  for (const [place, one] of begins.entries()) {
    for (let next = place + 1; begins[next]?.text.startsWith(one.text) === true; next++) {
      const other = begins[next];
      if (other === undefined || other.index === one.index) continue;
      const key = Math.min(one.index, other.index) * groups.length + Math.max(one.index, other.index);
      if (seen.has(key)) continue;
      seen.add(key);
      pairs.push([one.group, other.group]);
      refuseTooMany(pairs.length);
    }
  }
  return pairs;
}

function refuseTooMany(count: number): void {
  if (count <= pairsMax) return;
  throw fail('plan.invalid', 'tasks', {
    found: `more than ${pairsMax} pairs of tasks with overlapping write scopes`,
    limit: pairsMax,
    next: 'narrow the write scopes',
  });
}

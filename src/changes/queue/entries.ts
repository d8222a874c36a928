import { type Reason, reason } from '../../lib/decision.ts';
import type { Plan } from '../../plan/plan.ts';
import { readStops } from '../../stops/rows.ts';
import { stopReasons } from '../../stops/stop-scope.ts';
import { columnsOf } from '../../store/columns.ts';
import { type Session, statement, type Tx } from '../../store/store.ts';
import { openQuestions, questionReasons } from '../../tasks/questions.ts';
import type { ChangeRow } from '../../tasks/rows.ts';
import { changes, queueEntries } from '../../tasks/schema.ts';
import type { ChangeState } from '../../tasks/states.ts';
import { openMerge } from '../open-merge.ts';

type Place = Omit<typeof queueEntries.$inferSelect, 'change' | 'project'>;

/** An approved change with its place in the queue, and what the queue reads of its task. */
export interface QueueEntry extends ChangeRow, Place {
  readonly title: string;
  /** Its index among the priorities: 0 is the most urgent. */
  readonly priority: number;
  readonly gates: readonly string[];
}

const enter = statement(
  'queue.enter',
  'insert into queue_entries (change, project) values ($1, $2) on conflict (change) do nothing',
);

/** Gives an approved change its place; a change that has one already keeps it. */
export const enterQueue = (tx: Tx, { id, project }: Pick<ChangeRow, 'id' | 'project'>): void =>
  tx.later(enter, [id, project]);

const enterOthers = statement(
  'queue.enterOthers',
  `insert into queue_entries (change, project, approved_at)
   select c.id, c.project, c.state_at from changes c where c.project = $1 and c.kind = 'task' and c.state = 'approved'
     and not exists (select from queue_entries e where e.change = c.id) on conflict (change) do nothing`,
);

/** Gives a place to what was approved without one: a gateway of an earlier version may work on the same database. */
export const enterOthersApproved = (session: Session, project: string): Promise<unknown> =>
  session.rows(enterOthers, [project]);

const leave = statement('queue.leave', 'delete from queue_entries where change = $1');
const overtake = statement(
  'queue.overtake',
  `update queue_entries e set overtaken = e.overtaken + 1 from queue_entries landed
   where landed.change = $1 and e.project = landed.project and e.approved_at < landed.approved_at`,
);

/** Counts on all that joined the queue before a change that it has landed before them. */
export const countOvertaken = (tx: Tx, { id }: Pick<ChangeRow, 'id'>): void => tx.later(overtake, [id]);

/** Takes a change that has landed, or was refused, out of the queue. */
export const leaveQueue = (tx: Tx, { id }: Pick<ChangeRow, 'id'>): void => tx.later(leave, [id]);

const approved = statement(
  'queue.approved',
  `select ${columnsOf(changes, [], 'c')}, ${columnsOf(queueEntries, ['change', 'project'], 'e')}, t.title, t.priority, t.gates
   from changes c join queue_entries e on e.change = c.id join tasks t on t.project = c.project and t.id = c.task
   where c.project = $1 and c.state = 'approved' order by e.approved_at, c.id limit $2`,
);

/** Entries that one round looks at: further ones wait until these have landed or gone. */
const queueMax = 1_000;

/** The approved changes of a project, the earliest approval first. */
export const readEntries = (session: Session, project: string): Promise<QueueEntry[]> =>
  session.rows<QueueEntry>(approved, [project, queueMax]);

interface Need {
  readonly task: string;
  readonly needs: string;
  readonly change: string;
  readonly state: ChangeState;
}

// The latest change of a needed task tells: work that was refused after others had built on it holds them, too.
const needed = statement(
  'queue.needs',
  `select n.task, n.needs, c.id as change, c.state from task_needs n cross join lateral
     (select id, state from changes c where c.project = n.project and c.task = n.needs order by created_at desc limit 1) c
   where n.project = $1 and n.task = any($2::text[]) and c.state <> 'landed'`,
);

/** The queue as it stands: entries that may land, what each needs of the others, and the reasons that hold the rest. */
export interface HeldQueue {
  readonly free: readonly QueueEntry[];
  /** Ids of changes of `free` that must land first, by the id of the change that needs them. */
  readonly needs: ReadonlyMap<string, readonly string[]>;
  /** Reasons by the id of a change that must not land. */
  readonly held: ReadonlyMap<string, readonly Reason[]>;
}

/**
 * Sorts out what must not land: by a stop, an open question, a person's hold, or a need that is refused, under work, or
 * held itself. The round asks without a lock; an intent asks again under the project's lock.
 */
export async function readHolds(
  session: Session,
  project: string,
  entries: readonly QueueEntry[],
  plan: Plan | undefined,
): Promise<HeldQueue> {
  const tasks = entries.map(({ task }) => task);
  const [stops, merge, questions, needs] = await Promise.all([
    readStops(session, project),
    openMerge(session, project),
    openQuestions(session, project),
    session.rows<Need>(needed, [project, tasks]),
  ]);
  const held = new Map<string, readonly Reason[]>();
  for (const entry of entries) {
    const against = [
      ...stopReasons(stops, { what: 'landing', task: entry.task, plan }),
      ...questionReasons(entry.task, questions.get(entry.task)),
      ...personHold(entry),
      ...mergeHold(merge),
    ];
    if (against.length > 0) held.set(entry.id, against);
  }
  holdDependents(entries, needs, held);
  const free = entries.filter(({ id }) => !held.has(id));
  return { free, needs: needsOf(free, needs), held };
}

const personHold = ({ id, heldBy, heldWhy }: QueueEntry): Reason[] =>
  heldBy === null ? [] : [reason('change.held', `change/${id}`, { found: `by ${heldBy}: ${heldWhy ?? ''}` })];

/** Main has to stay where a merge with the upstream was begun, until that has landed or is taken back. */
const mergeHold = (merge: ChangeRow | undefined): Reason[] => {
  if (merge === undefined) return [];
  const found = `main ${merge.base.slice(0, 12)} and the upstream ${merge.commitId.slice(0, 12)}`;
  return [reason('sync.open', `change/${merge.id}`, { found })];
};

/** Holds whatever needs a change that is not free, over any number of steps. */
function holdDependents(
  entries: readonly QueueEntry[],
  needs: readonly Need[],
  held: Map<string, readonly Reason[]>,
): void {
  const byTask = new Map(entries.map((entry) => [entry.task, entry]));
  for (let grown = true; grown; ) {
    grown = false;
    for (const { task, needs: need, change, state } of needs) {
      const dependent = byTask.get(task);
      if (dependent === undefined || held.has(dependent.id)) continue;
      const isFree = state === 'approved' && byTask.has(need) && !held.has(change);
      if (isFree) continue;
      held.set(dependent.id, [
        reason('change.needs', `change/${dependent.id}`, { found: `${need} is ${state}` }),
      ]);
      grown = true;
    }
  }
}

function needsOf(free: readonly QueueEntry[], needs: readonly Need[]): Map<string, string[]> {
  const byTask = new Map(free.map((entry) => [entry.task, entry.id]));
  const found = new Map<string, string[]>();
  for (const { task, change } of needs) {
    const dependent = byTask.get(task);
    if (dependent !== undefined) found.set(dependent, [...(found.get(dependent) ?? []), change]);
  }
  return found;
}

import { type Session, type Statement, statement } from '../store/store.ts';
import type { TaskState } from './states.ts';

/** Orders of a page: as the plan has the tasks, by the time in their state, by priority. */
export const taskOrders = ['position', 'age', 'priority'] as const;
/** Order of a page of tasks. */
export type TaskOrder = (typeof taskOrders)[number];

/** The tasks that a page is asked for. */
export interface TaskFilter {
  readonly states?: readonly TaskState[] | undefined;
  readonly phase?: string | undefined;
  readonly holder?: string | undefined;
  /** Part of the name or the title. */
  readonly text?: string | undefined;
  readonly overdue?: boolean | undefined;
  readonly blocked?: boolean | undefined;
}

/** A task as a list shows it, with what it waits for. */
export interface PagedTask {
  readonly id: string;
  readonly title: string;
  readonly kind: string;
  readonly phase: string;
  readonly state: TaskState;
  readonly priority: number;
  readonly holder: string | null;
  readonly epoch: number;
  readonly stateAt: Date;
  readonly leaseUntil: Date | null;
  /** Codes with their subjects: `task.needs task/schema`, `phase.closed phase/build`. */
  readonly waits: readonly string[];
}

/** The place of the last row of a page: the values that it is sorted by. */
export type PagePlace = readonly [string | number, string];

/** One page of tasks, and the number of all that the filter lets through. */
export interface TaskPage {
  readonly rows: readonly PagedTask[];
  readonly total: number;
  /** The place of the last row, when more follow. */
  readonly last: PagePlace | undefined;
}

const open = `t.state not in ('done', 'abandoned')`;
const needs = `select d.id from task_needs n join tasks d on d.project = n.project and d.id = n.needs
  where n.project = t.project and n.task = t.id and d.state <> 'done'`;
const asked = `select q.id from questions q where q.project = t.project and q.task = t.id and q.answer is null`;
const shut = `select p.name from phases p where p.project = t.project and p.name = t.phase and p.opened_at is null`;
const overlapping = `select o.id from task_conflicts c join tasks o on o.project = c.project and o.id = c.other
  where c.project = t.project and c.task = t.id and t.state = 'ready' and o.state in ('in_progress', 'gated')`;

const filtered = `from tasks t where t.project = $1 and ($2::text[] is null or t.state = any($2::text[])) and ($3::text is null or t.phase = $3)
  and ($4::text is null or t.holder = $4) and ($5::text is null or t.id ilike $5 or t.title ilike $5)
  and (not $6::boolean or (t.deadline < (select andon_now()) and ${open}))
  and (not $7::boolean or (${open} and (exists (${needs}) or exists (${asked}) or exists (${shut}) or exists (${overlapping}))))`;

const total = statement('tasks.pageTotal', `select count(*)::int as n ${filtered}`);

/** The columns that an order sorts by, as texts compare them; the name of the task makes each place one of its own. */
const keys: Readonly<Record<TaskOrder, { readonly key: string; readonly type: string }>> = {
  position: { key: 't.position', type: 'int' },
  age: { key: `extract(epoch from t.state_at)::numeric`, type: 'numeric' },
  priority: { key: 't.priority * 100000000::bigint + t.position', type: 'bigint' },
};

const causes = (code: string, kind: string, rows: string, column: string): string =>
  `array(select '${code} ${kind}/' || w.${column} from (${rows} order by 1 limit 5) w)`;

const pageOf = (order: TaskOrder): Statement => {
  const { key, type } = keys[order];
  return statement(
    `tasks.page.${order}`,
    `with page as (select t.*, (${key})::text as place ${filtered}
       and ($8::text is null or (${key}, t.id) > ($8::${type}, $9::text)) order by ${key}, t.id limit $10)
     select t.id, t.title, t.kind, t.phase, t.state, t.priority, t.holder, t.epoch, t.state_at as "stateAt", t.lease_until as "leaseUntil", t.place,
       case when ${open} then ${causes('task.needs', 'task', needs, 'id')} || ${causes('phase.closed', 'phase', shut, 'name')}
         || ${causes('task.question', 'question', asked, 'id')} || ${causes('task.overlap', 'task', overlapping, 'id')} else '{}' end as waits
     from page t order by (t.place)::${type}, t.id`,
  );
};

const pages: Readonly<Record<TaskOrder, Statement>> = {
  position: pageOf('position'),
  age: pageOf('age'),
  priority: pageOf('priority'),
};

const like = (text: string | undefined): string | null =>
  text === undefined ? null : `%${text.replace(/[\\%_]/g, '\\$&')}%`;

const valuesOf = ({ states, phase, holder, text, overdue, blocked }: TaskFilter): unknown[] => [
  ...[states, phase, holder].map((value) => value ?? null),
  like(text),
  overdue === true,
  blocked === true,
];

/** A page of tasks behind a place. Rows that were added or moved meanwhile shift no page. */
export async function readTaskPage(
  session: Session,
  project: string,
  filter: TaskFilter,
  {
    order,
    after,
    limit,
  }: { readonly order: TaskOrder; readonly after: PagePlace | undefined; readonly limit: number },
): Promise<TaskPage> {
  const wanted = [project, ...valuesOf(filter)];
  const place = after === undefined ? [null, null] : [String(after[0]), after[1]];
  const [found, [all]] = await Promise.all([
    session.rows<PagedTask & { readonly place: string }>(pages[order], [...wanted, ...place, limit + 1]),
    session.rows<{ n: number }>(total, wanted),
  ]);
  const shown = found.slice(0, limit);
  const end = found.length > limit ? shown.at(-1) : undefined;
  return {
    rows: shown.map(({ place: _place, ...row }) => row),
    total: all?.n ?? 0,
    last: end === undefined ? undefined : [end.place, end.id],
  };
}

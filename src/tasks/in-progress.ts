import type { Code } from '../lib/codes/index.ts';
import { type Reason, reason } from '../lib/decision.ts';
import { type Session, type Statement, statement } from '../store/store.ts';

const lock = statement('tasks.wipLock', 'select pg_advisory_xact_lock(hashtextextended($1, 7103))');
const ofProject = statement(
  'tasks.running',
  `select count(*)::int as n from tasks where project = $1 and state = 'in_progress'`,
);
const ofHolder = statement(
  'tasks.held',
  `select count(*)::int as n from tasks where project = $1 and state = 'in_progress' and holder = $2`,
);

/** Counters under a limit go one at a time, so that two claims do not share the last place. */
async function counted(
  session: Session,
  which: Statement,
  project: string,
  ...others: readonly string[]
): Promise<number> {
  await session.rows(lock, [project]);
  const [row] = await session.rows<{ n: number }>(which, [project, ...others]);
  return row?.n ?? 0;
}

/** Number of tasks in progress; until the transaction ends nobody else counts. */
export const runningCount = (session: Session, project: string): Promise<number> =>
  counted(session, ofProject, project);

/** Most tasks in progress at once: in the project, and in the hands of one agent. */
interface Limits {
  readonly wip?: number | undefined;
  readonly wipPerAgent?: number | undefined;
}

/** The limits on work in progress that are reached for an agent; none of them where the plan names none. */
export async function fullReasons(
  session: Session,
  project: string,
  agent: string,
  { wip, wipPerAgent }: Limits = {},
): Promise<Reason[]> {
  const running = wip === undefined ? 0 : await runningCount(session, project);
  const held = wipPerAgent === undefined ? 0 : await counted(session, ofHolder, project, agent);
  return [
    ...reached('wip.limit', 'tasks in progress', running, wip),
    ...reached('wip.agent', `tasks that ${agent} holds`, held, wipPerAgent),
  ];
}

const reached = (code: Code, subject: string, found: number, limit: number | undefined): Reason[] =>
  limit === undefined || found < limit ? [] : [reason(code, subject, { found, limit })];

import { type Reason, reason } from '../lib/decision.ts';
import { type Session, statement } from '../store/store.ts';
import type { TaskState } from './states.ts';

const read = statement(
  'task.unready',
  `select t.state, t.holder, t.phase,
     exists (select 1 from phases p where p.project = t.project and p.name = t.phase and p.opened_at is not null) as open,
     array(select n.needs || ' is ' || d.state from task_needs n join tasks d on d.project = n.project and d.id = n.needs
       where n.project = t.project and n.task = t.id and d.state <> 'done' order by 1) as needs
   from tasks t where t.project = $1 and t.id = $2`,
);

interface UnreadyRow {
  readonly state: TaskState;
  readonly holder: string | null;
  readonly phase: string;
  readonly open: boolean;
  readonly needs: readonly string[];
}

/** Reasons why a task requested by name is not ready to be claimed; empty when it is. */
export async function unreadyReasons(session: Session, project: string, id: string): Promise<Reason[]> {
  const subject = `task/${id}`;
  const [row] = await session.rows<UnreadyRow>(read, [project, id]);
  if (row === undefined) return [reason('task.missing', subject)];
  const { state, holder, phase, open, needs } = row;
  if (state === 'ready') return [];
  if (state === 'in_progress' || state === 'gated')
    return [
      reason('task.taken', subject, { found: holder === null ? state : `${state}, held by ${holder}` }),
    ];
  if (state !== 'backlog') return [reason('task.state', subject, { found: state })];
  return [
    ...needs.map((found) => reason('task.needs', subject, { found })),
    ...(open ? [] : [reason('phase.closed', subject, { found: phase })]),
  ];
}

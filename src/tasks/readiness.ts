import { type EventDraft, event, gatewayEvent } from '../store/log/events.ts';
import { statement, type Tx } from '../store/store.ts';
import { movesTasks } from './transition.ts';

// Phases in the order of the plan, since an update alone answers in any order. A phase opens when every task
// of every phase before it has ended. One call opens as many as may open.
const open = statement(
  'phases.open',
  `with moved as (update phases p set opened_at = andon_now()
   where p.project = $1 and p.opened_at is null and not exists (
     select 1 from tasks t join phases q on q.project = t.project and q.name = t.phase
     where t.project = $1 and q.position < p.position and t.state not in ('done', 'abandoned'))
   returning p.name, p.position)
   select name from moved order by position`,
);
const ready = movesTasks(
  'tasks.ready',
  'ready',
  ({ set, from }) => `with moved as (update tasks t set ${set}
   where t.project = $1 and t.state ${from}
     and exists (select 1 from phases p where p.project = t.project and p.name = t.phase and p.opened_at is not null)
     and not exists (
       select 1 from task_needs n join tasks d on d.project = n.project and d.id = n.needs
       where n.project = t.project and n.task = t.id and d.state <> 'done')
   returning t.id, t.position)
   select id from moved order by position, id`,
);
const unready = movesTasks(
  'tasks.unready',
  'unready',
  ({ set, from }) => `update tasks t set ${set}
   where t.project = $1 and t.state ${from} and (
     not exists (select 1 from phases p where p.project = t.project and p.name = t.phase and p.opened_at is not null)
     or exists (select 1 from task_needs n join tasks d on d.project = n.project and d.id = n.needs
       where n.project = t.project and n.task = t.id and d.state <> 'done'))
   returning t.id`,
);

/**
 * Opens phases and readies tasks that nothing holds back any more. The caller holds the project's lock
 * exclusively: phases change here. Returns the events of the changes.
 */
export async function advanceReadiness(tx: Tx, project: string): Promise<EventDraft[]> {
  const phases = await tx.rows<{ name: string }>(open, [project]);
  const tasks = await tx.rows<{ id: string }>(ready, [project]);
  return [
    ...phases.map(({ name }) => gatewayEvent(project, event('phase.opened', `phase/${name}`, {}))),
    ...tasks.map(({ id }) => gatewayEvent(project, event('task.readied', `task/${id}`, {}))),
  ];
}

/** Takes readiness back from tasks that a new plan holds back. */
export async function withdrawReadiness(tx: Tx, project: string): Promise<void> {
  await tx.rows(unready, [project]);
}

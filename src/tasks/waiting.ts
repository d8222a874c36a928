import { type Session, statement } from '../store/store.ts';

/** The causes that one task waits for, in words for people and members for programs. */
export interface Waiting {
  readonly task: string;
  readonly state: string;
  readonly holder: string | null;
  readonly sinceSeconds: number;
  readonly needs: readonly string[];
  readonly phase: string | null;
  readonly questions: readonly string[];
  readonly overlaps: readonly string[];
  readonly change: string | null;
  readonly changeState: string | null;
  /** Gates that people or validators pass, when the change waits for nothing else. */
  readonly manualGates: readonly string[];
}

const waiting = statement(
  'tasks.waiting',
  `select t.id as task, t.state, t.holder, extract(epoch from andon_now() - t.state_at)::float8 as "sinceSeconds",
     array(select d.id from task_needs n join tasks d on d.project = n.project and d.id = n.needs
       where n.project = t.project and n.task = t.id and d.state <> 'done') as needs,
     (select p.name from phases p where p.project = t.project and p.name = t.phase and p.opened_at is null) as phase,
     array(select q.id from questions q where q.project = t.project and q.task = t.id and q.answer is null) as questions,
     array(select o.id from task_conflicts c join tasks o on o.project = c.project and o.id = c.other
       where c.project = t.project and c.task = t.id and t.state = 'ready' and o.state in ('in_progress', 'gated')) as overlaps,
     (select c.id from changes c where c.project = t.project and c.task = t.id and c.state not in ('landed', 'refused') limit 1) as change,
     (select c.state from changes c where c.project = t.project and c.task = t.id and c.state not in ('landed', 'refused') limit 1) as "changeState",
     array(select g.gate from changes c join gate_runs g on g.change = c.id and g.tree = c.tree and g.status = 'waiting' and g.manual
       where c.project = t.project and c.task = t.id and c.state = 'gating' and not exists (
         select from gate_runs o where o.change = c.id and o.tree = c.tree and not o.manual and o.status in ('waiting', 'running')) order by 1) as "manualGates"
   from tasks t where t.project = $1 and t.state not in ('done', 'abandoned') order by t.position`,
);

/** The causes of waiting for every task that has not ended. */
export const waitingFor = (session: Session, project: string): Promise<Waiting[]> =>
  session.rows<Waiting>(waiting, [project]);

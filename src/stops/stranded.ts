import { sendMessage } from '../messages/messages.ts';
import type { EventDraft } from '../store/log/events.ts';
import { type Session, statement, type Tx } from '../store/store.ts';
import { clearStop, pullCord, readStops } from './rows.ts';

// Bounded by the tasks of the project: the union takes each pair once.
const strandedBy = statement(
  'tasks.stranded',
  `with recursive waits(root, task) as (
     select n.needs, n.task from task_needs n
       join tasks d on d.project = n.project and d.id = n.needs and d.state = 'abandoned'
       join tasks t on t.project = n.project and t.id = n.task and t.state not in ('done', 'abandoned')
       where n.project = $1
     union
     select w.root, n.task from waits w
       join task_needs n on n.project = $1 and n.needs = w.task
       join tasks t on t.project = n.project and t.id = n.task and t.state not in ('done', 'abandoned'))
   select w.root, array_agg(t.id order by t.position, t.id) as tasks
   from waits w join tasks t on t.project = $1 and t.id = w.task group by w.root order by w.root`,
);

/** An abandoned task, and the tasks that can never be done because they need it, directly or through others. */
export interface Stranded {
  readonly root: string;
  readonly tasks: readonly string[];
}

/** The tasks that the abandoned ones of a project strand; empty when its plan can still end. */
export const readStranded = (session: Session, project: string): Promise<Stranded[]> =>
  session.rows<Stranded>(strandedBy, [project]);

/**
 * Stops tasks that can never be done in yellow, once for each abandoned task, and informs people and
 * executives; takes such stops back when the plan can end again. The caller holds the project's exclusive
 * lock, and has moved tasks or applied a plan.
 */
export async function settleStranded(
  tx: Tx,
  project: string,
): Promise<{ readonly stranded: readonly Stranded[]; readonly events: readonly EventDraft[] }> {
  const stranded = await readStranded(tx, project);
  const events: EventDraft[] = [];
  for (const one of stranded) events.push(...(await pullFor(tx, project, one)));
  const roots = new Set(stranded.map(({ root }) => root));
  for (const stop of await readStops(tx, project))
    if (stop.cause === 'stranded' && stop.project === project && !roots.has(stop.scope.value))
      events.push(...(await clearStop(tx, stop, { by: 'gateway', why: 'nothing waits for it any more' })));
  return { stranded, events };
}

async function pullFor(tx: Tx, project: string, { root, tasks }: Stranded): Promise<readonly EventDraft[]> {
  const why = `the plan can no longer end: ${root} is abandoned, and ${namesOf(tasks)} can never be done`;
  const events = await pullCord(tx, {
    project,
    colour: 'yellow',
    scope: { kind: 'workflow', value: root },
    why: why.slice(0, 2000),
    cause: 'stranded',
    subject: `task/${root}`,
    by: 'gateway',
    once: true,
  });
  // The stop itself informs executives; people are told of red stops alone, so they get this message.
  if (events.length > 0)
    await sendMessage(tx, {
      project,
      recipient: 'tier:human',
      kind: 'alert',
      subject: `task/${root}`,
      title: `${root} is abandoned, and ${tasks.length === 1 ? 'a task waits' : `${tasks.length} tasks wait`} for it`,
      body: `${why}.\n\nTake the need out of andon.yaml and apply it (andon plan apply), or abandon them too (andon task abandon <task> --why …).`,
      data: { tasks },
    });
  return events;
}

const namesMax = 20;

/** Ids in words; of very many the first. */
function namesOf(tasks: readonly string[]): string {
  const left = tasks.length - namesMax;
  return `${tasks.slice(0, namesMax).join(', ')}${left > 0 ? ` and ${left} more` : ''}`;
}

import { clearOwn, pullCord } from '../../stops/rows.ts';
import type { EventDraft } from '../../store/log/events.ts';
import { type Session, type Store, statement, type Tx } from '../../store/store.ts';
import type { SystemTransaction } from '../../store/system-transaction.ts';

// Only projects with an open question can be blocked by questions.
const suspects = statement(
  'blocked.suspects',
  `select q.project, exists (select from stops s where s.project = q.project and s.cleared_at is null and s.cause = 'blocked') as pulled
     from (select distinct project from questions where answer is null) q
   union
   select s.project, true from stops s where s.cleared_at is null and s.cause = 'blocked'`,
);
const working = statement(
  'blocked.working',
  `select t.id, t.state, t.holder, q.asked_by as "askedBy", q.question
   from tasks t left join lateral (select * from questions q where q.project = t.project and q.task = t.id and q.answer is null
     order by q.asked_at limit 1) q on true
   where t.project = $1 and t.state in ('ready', 'in_progress', 'gated') order by t.position`,
);

interface Working {
  readonly id: string;
  readonly state: string;
  readonly holder: string | null;
  readonly askedBy: string | null;
  readonly question: string | null;
}

/**
 * Stops a project in yellow when every principal at work there waits for an answer and no task is ready, and
 * clears that stop once it no longer holds. Called every second: it reads projects with an open question
 * only.
 */
export async function watchBlocked(store: Store, systemTransaction: SystemTransaction): Promise<void> {
  for (const { project, pulled } of await store.rows<{ project: string; pulled: boolean }>(suspects)) {
    if (((await whoWaits(store, project)) !== undefined) === pulled) continue;
    await systemTransaction(project, async (tx) => ({
      result: undefined,
      events: await settleBlocked(tx, project),
    }));
  }
}

async function settleBlocked(tx: Tx, project: string): Promise<readonly EventDraft[]> {
  const waiting = await whoWaits(tx, project);
  if (waiting === undefined) return clearOwn(tx, project, 'blocked', 'somebody can work again');
  return pullCord(tx, {
    project,
    colour: 'yellow',
    scope: { kind: 'project', value: '' },
    why: `everybody waits: ${waiting}`.slice(0, 2000),
    cause: 'blocked',
    subject: `project/${project}`,
    by: 'gateway',
  });
}

/** The list of waiting principals in words, or undefined when one of them can work or none is at work. */
async function whoWaits(session: Session, project: string): Promise<string | undefined> {
  const rows = await session.rows<Working>(working, [project]);
  const blocked = rows.every(({ state, question }) => state !== 'ready' && question !== null);
  if (rows.length === 0 || !blocked) return undefined;
  return rows.map(waits).join('; ');
}

const waits = ({ id, holder, askedBy, question }: Working): string =>
  `${holder ?? askedBy} (${id}) waits for a human: ${(question ?? '').slice(0, 160)}`;

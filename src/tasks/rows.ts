import { and, eq } from 'drizzle-orm';
import { type Session, statement, type Tx } from '../store/store.ts';
import { changes, projects, type tasks } from './schema.ts';

export type TaskRow = typeof tasks.$inferSelect;
export type ProjectRow = typeof projects.$inferSelect;
export type ChangeRow = typeof changes.$inferSelect;

const lock = statement(
  'task.lock',
  `select project, id, title, phase, state, priority, position, write, deny, scope_hash as "scopeHash", claim_class as "claimClass", requires, gates, done, deadline,
     expected_minutes as "expectedMinutes", epoch, holder, holder_gid as "holderGid", lease_until as "leaseUntil", lease_ms as "leaseMs",
     preferred, state_at as "stateAt", made_by as "madeBy"
   from tasks where project = $1 and id = $2 for update`,
);

/** The row of a task, locked until the transaction ends. */
export async function lockTask(tx: Tx, project: string, id: string): Promise<TaskRow | undefined> {
  const [row] = await tx.rows<TaskRow>(lock, [project, id]);
  return row;
}

/** The row of a change, locked until the transaction ends. */
export async function lockChange(tx: Tx, project: string, id: string): Promise<ChangeRow | undefined> {
  const [row] = await tx.orm
    .select()
    .from(changes)
    .where(and(eq(changes.project, project), eq(changes.id, id)))
    .for('update');
  return row;
}

export async function readProject(session: Session, name: string): Promise<ProjectRow | undefined> {
  const [row] = await session.orm.select().from(projects).where(eq(projects.name, name));
  return row;
}

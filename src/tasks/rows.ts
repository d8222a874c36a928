import { and, eq, getTableColumns } from 'drizzle-orm';
import { columnsOf } from '../store/columns.ts';
import { type Session, statement, type Tx } from '../store/store.ts';
import { changes, projects, tasks } from './schema.ts';

/** Texts for those who work on a task: no rule reads them, and they are long. */
const taskTexts = ['description', 'acceptance'] as const;

/** A row of the table of tasks, without its texts. */
export type TaskRow = Omit<typeof tasks.$inferSelect, (typeof taskTexts)[number]>;
/** A row of the table of projects. */
export type ProjectRow = typeof projects.$inferSelect;
/** A row of the table of changes. */
export type ChangeRow = typeof changes.$inferSelect;

const { description: _description, acceptance: _acceptance, ...withoutTexts } = getTableColumns(tasks);
/** The columns of a task without its texts, for drizzle. */
export const taskColumns = withoutTexts;

const lock = statement(
  'task.lock',
  `select ${columnsOf(tasks, taskTexts)} from tasks where project = $1 and id = $2 for update`,
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

/** The row of a change; undefined for an unknown id. */
export async function readChange(
  session: Session,
  project: string,
  id: string,
): Promise<ChangeRow | undefined> {
  const [row] = await session.orm
    .select()
    .from(changes)
    .where(and(eq(changes.project, project), eq(changes.id, id)));
  return row;
}

/** The row of a project; undefined for an unknown name. */
export async function readProject(session: Session, name: string): Promise<ProjectRow | undefined> {
  const [row] = await session.orm.select().from(projects).where(eq(projects.name, name));
  return row;
}

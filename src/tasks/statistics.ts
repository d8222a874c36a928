import { type Session, statement } from '../store/store.ts';

/** Number of tasks added or changed by a plan from which the database gathers statistics anew. */
export const statisticsFrom = 50;

const analyse = statement('', 'analyze tasks, task_needs, task_conflicts');

/**
 * Has the database gather statistics of the tables that a plan fills. Before that, PostgreSQL takes the
 * tables for what they were earlier and walks the whole plan at each claim; on its own PostgreSQL looks a
 * minute later, and PGlite never does.
 */
export const analyseTasks = async (session: Session): Promise<void> => {
  await session.rows(analyse);
};

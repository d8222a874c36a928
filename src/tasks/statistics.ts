import { type Session, statement } from '../store/store.ts';

/** From so many tasks on that a plan adds or changes, the database is told to look at their tables anew. */
export const statisticsFrom = 50;

const analyse = statement('', 'analyze tasks, task_needs, task_conflicts');

/**
 * Has the database count what a plan fills. Until it has, PostgreSQL takes the tables for what they were before and walks
 * the whole plan at each claim; by itself it looks a minute later, and PGlite never does.
 */
export const analyseTasks = async (session: Session): Promise<void> => {
  await session.rows(analyse);
};

import { sql } from 'drizzle-orm';
import { jsonText } from '../store/log/events.ts';
import type { Tx } from '../store/store.ts';
import { noUsage } from './rows.ts';
import { runs } from './schema.ts';

/** A new run; a runner may take it `delayMs` milliseconds later. */
export type NewRun = Readonly<Omit<typeof runs.$inferInsert, 'state' | 'notBefore' | 'usage'>> & {
  readonly delayMs: number;
};

/** Inserts a run in the state `waiting`. */
export async function insertRun(tx: Tx, { delayMs, ...run }: NewRun): Promise<void> {
  await tx.orm.insert(runs).values({
    ...run,
    state: 'waiting',
    notBefore: sql`andon_now() + ${delayMs}::int * interval '1 millisecond'`,
    launch: sql`${jsonText(run.launch)}::jsonb`,
    usage: noUsage,
  });
}

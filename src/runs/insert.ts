import { sql } from 'drizzle-orm';
import { jsonText } from '../store/log/events.ts';
import type { Tx } from '../store/store.ts';
import { noUsage } from './rows.ts';
import { runs } from './schema.ts';

/** A run as it is asked for; `delayMs` from now on a runner may take it. */
export type NewRun = Readonly<Omit<typeof runs.$inferInsert, 'state' | 'notBefore' | 'usage'>> & {
  readonly delayMs: number;
};

export async function insertRun(tx: Tx, { delayMs, ...run }: NewRun): Promise<void> {
  await tx.orm.insert(runs).values({
    ...run,
    state: 'waiting',
    notBefore: sql`andon_now() + ${delayMs}::int * interval '1 millisecond'`,
    launch: sql`${jsonText(run.launch)}::jsonb`,
    usage: noUsage,
  });
}

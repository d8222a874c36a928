import { eq, getTableColumns, or, sql } from 'drizzle-orm';
import type { Session } from '../../store/store.ts';
import { gateRuns } from '../schema.ts';

// The nonce is between the gateway and whoever holds the gate.
const { nonce: _nonce, ...columns } = getTableColumns(gateRuns);

/** The gate runs of a change: those of its submission, and those that were voided or repeated for it. */
export const readGateRuns = (session: Session, change: string) =>
  session.orm
    .select(columns)
    .from(gateRuns)
    .where(
      or(
        eq(gateRuns.change, change),
        sql`(${gateRuns.status} = 'void' or ${gateRuns.repeats} is not null) and ${change} = any(${gateRuns.changes})`,
      ),
    )
    .orderBy(gateRuns.createdAt, gateRuns.id);

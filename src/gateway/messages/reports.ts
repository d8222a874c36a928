import { and, desc, eq, sql } from 'drizzle-orm';
import { z } from 'zod';
import { allowed } from '../../lib/decision.ts';
import { fail } from '../../lib/errors.ts';
import { reports } from '../../messages/schema.ts';
import { newId } from '../../process/new-id.ts';
import { event } from '../../store/log/events.ts';
import type { Tx } from '../../store/store.ts';
import { id, project, text } from '../admission/inputs.ts';
import { mutation, query, t } from '../admission/procedure.ts';
import type { Gateway } from '../services.ts';

const words = { title: text(200), body: text(100_000) };

/** Alerts, which executives and people write. */
export function alertRouter(gateway: Gateway) {
  return t.router({
    write: mutation(gateway, {
      action: 'alert:write',
      description: 'Writes an alert for everybody to read.',
      input: z.strictObject({ project, ...words }),
      decide: () => allowed(undefined),
      effect: async (tx, _permit, { grant, input, entered }) => {
        const written = { ...input, kind: 'alert', byAgent: grant.sub, at: entered.now } as const;
        return writeReport(tx, written);
      },
    }),
  });
}

async function writeReport(tx: Tx, row: Omit<typeof reports.$inferInsert, 'id'>) {
  const report = newId('report');
  const { kind, title } = row;
  await tx.orm.insert(reports).values({ ...row, id: report });
  return { answer: { report }, events: [event('report.written', `report/${report}`, { kind, title })] };
}

/** Reports, which executives and validators write; they stand in one list with alerts. */
export function reportRouter(gateway: Gateway) {
  return t.router({
    write: mutation(gateway, {
      action: 'report:write',
      description: 'Writes a report for everybody to read.',
      // Clients of an earlier version name the kind.
      input: z.strictObject({ project, kind: z.literal('report').default('report'), ...words }),
      decide: () => allowed(undefined),
      effect: async (tx, _permit, { grant, input, entered }) =>
        writeReport(tx, { ...input, byAgent: grant.sub, at: entered.now }),
    }),
    show: query(gateway, {
      action: 'event:read',
      description: 'Shows an alert or a report.',
      input: z.strictObject({ project, report: id.describe('The report') }),
      answer: async (input) => {
        const given = input.report;
        const isIt = sql`(${reports.id} = ${given} or (length(${given}::text) < 30 and left(${reports.id}, 4) || right(${reports.id}, 8) = ${given}))`;
        const rows = await gateway.store.orm
          .select()
          .from(reports)
          .where(and(eq(reports.project, input.project), isIt))
          .limit(2);
        const [row] = rows;
        if (row !== undefined && rows.length === 1) return row;
        throw fail('report.missing', given, {
          found: row === undefined ? 'no such report' : 'more than one',
        });
      },
    }),
    list: query(gateway, {
      action: 'event:read',
      description: 'Lists alerts and reports, the newest first.',
      input: z.strictObject({ project, limit: z.number().int().min(1).max(200).default(50) }),
      answer: (input) =>
        gateway.store.orm
          .select()
          .from(reports)
          .where(eq(reports.project, input.project))
          .orderBy(desc(reports.at))
          .limit(input.limit),
    }),
  });
}

import { and, desc, eq, sql } from 'drizzle-orm';
import { z } from 'zod';
import { allowed } from '../../lib/decision.ts';
import { fail } from '../../lib/errors.ts';
import { reportKinds } from '../../messages/kinds.ts';
import { reports } from '../../messages/schema.ts';
import { newId } from '../../process/new-id.ts';
import { event } from '../../store/log/events.ts';
import { id, project, text } from '../admission/inputs.ts';
import { mutation, query, t } from '../admission/procedure.ts';
import type { Gateway } from '../services.ts';

/** Decisions, alerts and reports that executives and validators write. */
export function reportRouter(gateway: Gateway) {
  return t.router({
    write: mutation(gateway, {
      action: 'report:write',
      description: 'Writes a decision, an alert or a report for everybody to read.',
      input: z.strictObject({
        project,
        kind: z.enum(reportKinds),
        title: text(200),
        body: text(100_000),
      }),
      decide: () => allowed(undefined),
      effect: async (tx, _permit, { grant, input, entered }) => {
        const report = newId('report');
        await tx.orm.insert(reports).values({ ...input, id: report, byAgent: grant.sub, at: entered.now });
        return {
          answer: { report },
          events: [event('report.written', `report/${report}`, { kind: input.kind, title: input.title })],
        };
      },
    }),
    show: query(gateway, {
      action: 'event:read',
      description: 'Shows a decision, an alert or a report.',
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
      description: 'Lists decisions, alerts and reports, the newest first.',
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

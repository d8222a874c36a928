import { asc, desc, eq, gt } from 'drizzle-orm';
import { z } from 'zod';
import { newId } from '../../store/ids.ts';
import { checkpoints } from '../../store/schema.ts';
import type { Gateway } from '../door/gateway.ts';
import { mutation, query, t } from '../door/procedure.ts';
import { reports } from '../reports-schema.ts';
import { auditRunProcedures } from './audit-run.ts';
import { page, project, text } from './inputs.ts';
import { acceptLogProcedure } from './log-accept.ts';

/** The chain of events, verified where it lies. */
export function auditRouter(gateway: Gateway) {
  return t.router({
    ...auditRunProcedures(gateway),
    accept: acceptLogProcedure(gateway),
    verify: query(gateway, {
      action: 'audit:verify',
      description:
        'Verifies the hash chain of all events and every signed checkpoint; a broken one stops every project.',
      input: z.strictObject({ project }),
      answer: ({ line }) => line.audit(),
    }),
    checkpoints: query(gateway, {
      action: 'audit:verify',
      description: 'Lists the signed checkpoints of the chain after a position, oldest first.',
      input: z.strictObject({ project, ...page }),
      answer: ({ store }, input) =>
        store.orm
          .select()
          .from(checkpoints)
          .where(gt(checkpoints.position, input.after))
          .orderBy(asc(checkpoints.position))
          .limit(input.limit),
    }),
  });
}

/** Decisions, alerts and reports that executives and validators write. */
export function reportRouter(gateway: Gateway) {
  return t.router({
    write: mutation(gateway, {
      action: 'report:write',
      description: 'Writes a decision, an alert or a report for everybody to read.',
      input: z.strictObject({
        project,
        kind: z.enum(['decision', 'alert', 'report']),
        title: text(200),
        body: text(100_000),
      }),
      fixed: async () => undefined,
      moving: async () => undefined,
      decide: () => [],
      effect: async (tx, _permit, { grant, input, entered }) => {
        const id = newId('report');
        await tx.orm.insert(reports).values({ ...input, id, byAgent: grant.sub, at: entered.now });
        return {
          answer: { report: id },
          events: [
            {
              type: 'report.written',
              subject: `report/${id}`,
              data: { kind: input.kind, title: input.title },
            },
          ],
        };
      },
    }),
    list: query(gateway, {
      action: 'event:read',
      description: 'Lists decisions, alerts and reports, the newest first.',
      input: z.strictObject({ project, limit: z.number().int().min(1).max(200).default(50) }),
      answer: ({ store }, input) =>
        store.orm
          .select()
          .from(reports)
          .where(eq(reports.project, input.project))
          .orderBy(desc(reports.at))
          .limit(input.limit),
    }),
  });
}

import { z } from 'zod';
import { listAudits, readAudit, requestAudit } from '../../audits/rows.ts';
import { allowed } from '../../lib/decision.ts';
import { defined } from '../../lib/defined.ts';
import { fail } from '../../lib/errors.ts';
import { auditKinds } from '../../plan/kinds.ts';
import { event } from '../../store/log/events.ts';
import { id, project } from '../admission/inputs.ts';
import { mutation, query } from '../admission/procedure.ts';
import type { Gateway } from '../services.ts';

/** Procedures that request audits of the plan and read their findings; a worker carries the audits out. */
export function auditRunProcedures(gateway: Gateway) {
  const { store } = gateway;
  return {
    run: mutation(gateway, {
      action: 'audit:run',
      description:
        'Asks for an audit: plan (deviation, risks, violations), idle agents, compliance of the whole tree, or a progress report.',
      input: z.strictObject({
        project,
        kind: z.enum(auditKinds),
        overSeconds: z
          .number()
          .int()
          .min(1)
          .max(365 * 86_400)
          .optional()
          .describe('With idle: from when on an idle agent is told of'),
      }),
      decide: () => allowed(undefined),
      effect: async (tx, _permit, { grant, input }) => {
        const { overSeconds, kind } = input;
        const options = defined({ overMs: overSeconds === undefined ? undefined : overSeconds * 1000 });
        const audit = await requestAudit(tx, { project: input.project, kind, options, askedBy: grant.sub });
        return {
          answer: { audit },
          events: [event('audit.requested', `audit/${audit}`, { kind })],
        };
      },
      after: (answer) => {
        gateway.workers.audit();
        return answer;
      },
    }),
    list: query(gateway, {
      action: 'audit:read',
      description: 'Lists audits, the newest first.',
      input: z.strictObject({
        project,
        kind: z.enum(auditKinds).optional(),
        limit: z.number().int().min(1).max(200).default(20),
      }),
      answer: async (input) => {
        const audits = await listAudits(store, input.project, input.kind, input.limit);
        return { audits: audits.map(({ result: _large, body: _text, ...one }) => one) };
      },
    }),
    show: query(gateway, {
      action: 'audit:read',
      description: 'Shows an audit with its whole finding.',
      input: z.strictObject({ project, audit: id }),
      answer: async (input) => {
        const audit = await readAudit(store, input.project, input.audit);
        if (audit === undefined) throw fail('audit.missing', input.audit);
        const { memory: _own, told: _hash, ...result } = (audit.result ?? {}) as Record<string, unknown>;
        return { ...audit, result };
      },
    }),
  };
}

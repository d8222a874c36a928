import { z } from 'zod';
import { reason } from '../../lib/decision.ts';
import { statement } from '../../store/store.ts';
import { returnTask } from '../../tasks/lease.ts';
import { findTargets, grantEntries, revoke, targetReasons } from '../auth/revoking.ts';
import type { Gateway } from '../door/gateway.ts';
import { mutation, t } from '../door/procedure.ts';
import { principal, project, text } from './inputs.ts';

const heldBy = statement(
  'tasks.heldBy',
  `select id, epoch from tasks where project = $1 and holder = $2 and state = 'in_progress' for update`,
);

/** Agents: who works here, and the end of it. */
export function agentRouter(gateway: Gateway) {
  return t.router({
    terminate: mutation(gateway, {
      action: 'agent:terminate',
      description:
        'Ends everything an agent holds in the project: its grants are revoked, its tasks go back to the pool.',
      input: z.strictObject({ project, agent: principal, why: text(2000) }),
      exclusive: true,
      fixed: async () => undefined,
      moving: async (tx, { input }) => ({
        targets: await findTargets(tx, input.project, 'agent', input.agent),
        tasks: await tx.rows<{ id: string; epoch: number }>(heldBy, [input.project, input.agent]),
      }),
      decide: ({ grant, input, moving: { targets, tasks } }) =>
        targets.length === 0 && tasks.length === 0
          ? [reason('agent.missing', input.agent)]
          : targetReasons(grant, input.project, targets),
      effect: async (tx, _permit, { grant, input, moving }) => {
        const rows = grantEntries(moving.targets);
        await revoke(tx, rows, grant.sub, input.why);
        for (const task of moving.tasks) await returnTask(tx, input.project, task.id);
        const released = moving.tasks.map(({ id, epoch }) => ({
          type: 'task.released' as const,
          subject: `task/${id}`,
          data: { epoch, why: `${input.agent} was terminated` },
        }));
        const ended = {
          type: 'agent.terminated' as const,
          subject: input.agent,
          data: { rows, why: input.why },
        };
        return {
          answer: { agent: input.agent, grants: rows.length, tasks: moving.tasks.map(({ id }) => id) },
          events: [ended, ...released],
        };
      },
    }),
  });
}

import { z } from 'zod';
import { allowed, denied, reason } from '../../lib/decision.ts';
import { event } from '../../store/log/events.ts';
import { statement } from '../../store/store.ts';
import { advanceReadiness } from '../../tasks/readiness.ts';
import { project, text } from '../admission/inputs.ts';
import { mutation, query, t } from '../admission/procedure.ts';
import type { Gateway } from '../services.ts';

const advance = statement(
  'phase.advance',
  `update phases set opened_at = coalesce(opened_at, andon_now()) where project = $1 and name = $2 returning opened_at as "openedAt"`,
);
const listPhases = statement(
  'phase.list',
  `select p.name, p.position, p.opened_at as "openedAt", count(t.id)::int as tasks, count(t.id) filter (where t.state = 'done')::int as done
   from phases p left join tasks t on t.project = p.project and t.phase = p.name where p.project = $1 group by 1, 2, 3 order by 2`,
);

/** A phase with its numbers of tasks. */
export interface PhaseRow {
  name: string;
  position: number;
  openedAt: Date | null;
  tasks: number;
  done: number;
}

/** Phases: opened by the end of earlier work, or by a person. */
export function phaseRouter(gateway: Gateway) {
  return t.router({
    list: query(gateway, {
      action: 'plan:read',
      description: 'Lists the phases of a project, in order, with how much of each is done.',
      input: z.strictObject({ project }),
      answer: (input) => gateway.store.rows<PhaseRow>(listPhases, [input.project]),
    }),
    advance: mutation(gateway, {
      action: 'phase:advance',
      description: 'Opens a phase before the one before it has ended.',
      input: z.strictObject({ project, phase: text(64), why: text(2000) }),
      exclusive: true,
      facts: (tx, { input }) => tx.rows<PhaseRow>(listPhases, [input.project]),
      decide: ({ input, facts }) =>
        facts.some(({ name }) => name === input.phase)
          ? allowed(undefined)
          : denied(reason('plan.reference', `phase/${input.phase}`, { found: input.phase })),
      effect: async (tx, _permit, { input, facts }) => {
        await tx.rows(advance, [input.project, input.phase]);
        // A phase opens once: whoever waits for that is not told again.
        const opened = facts.some(({ name, openedAt }) => name === input.phase && openedAt === null)
          ? [event('phase.opened', `phase/${input.phase}`, { why: input.why })]
          : [];
        return {
          answer: { phase: input.phase },
          events: [...opened, ...(await advanceReadiness(tx, input.project))],
        };
      },
    }),
  });
}

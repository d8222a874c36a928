import { z } from 'zod';
import { allowed, denied, reason } from '../../lib/decision.ts';
import { event } from '../../store/log/events.ts';
import { text } from '../admission/inputs.ts';
import { mutation } from '../admission/procedure.ts';
import type { Gateway } from '../services.ts';

/**
 * Accepts a database below the mark of its log: the mark is lowered to the present end of the log, and an
 * event records it.
 */
export function acceptLogProcedure(gateway: Gateway) {
  return mutation(gateway, {
    action: 'log:accept',
    description:
      'Accepts a database whose log is below its mark, as it is, with a reason; only people with a grant on every project.',
    input: z.strictObject({ project: z.literal('*'), reason: text(2000) }),
    exclusive: true,
    whileBelow: true,
    prepare: () => gateway.logKeeper.check(),
    decide: ({ prepared: below }) =>
      below === undefined ? denied(reason('log.whole', 'the log')) : allowed(below),
    effect: (_tx, { decided: { missing, mark, end } }, { input }) => {
      const answer = { missing, mark: mark.position, end };
      const data = { ...answer, markHash: mark.hash, why: input.reason };
      return { answer, events: [event('log.accepted', 'log', data)] };
    },
    after: async (answer) => {
      await gateway.logKeeper.accept();
      await gateway.workers.wakeAll('*');
      return answer;
    },
  });
}

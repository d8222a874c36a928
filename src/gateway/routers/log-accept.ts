import { z } from 'zod';
import { reason } from '../../lib/decision.ts';
import type { BelowMark } from '../../store/mark.ts';
import type { Gateway } from '../door/gateway.ts';
import { mutation } from '../door/procedure.ts';
import { text } from './inputs.ts';

/** Accepts a database that is below the mark of its log: the mark is lowered to what is there, and the log says so. */
export function acceptLogProcedure(gateway: Gateway) {
  return mutation(gateway, {
    action: 'log:accept',
    description:
      'Accepts a database whose log is below its mark, as it is, with a reason; only people with a grant on every project.',
    input: z.strictObject({ project: z.literal('*'), reason: text(2000) }),
    exclusive: true,
    whileBelow: true,
    fixed: ({ logKeeper }): Promise<BelowMark | undefined> => logKeeper.check(),
    moving: async () => undefined,
    decide: ({ fixed }) => (fixed === undefined ? [reason('log.whole', 'the log')] : []),
    effect: async (_tx, _permit, { fixed, input }) => {
      const answer = {
        missing: fixed?.missing ?? 0,
        mark: fixed?.mark.position ?? 0,
        end: fixed?.end ?? 0,
      };
      const data = { ...answer, markHash: fixed?.mark.hash, why: input.reason };
      return { answer, events: [{ type: 'log.accepted', subject: 'log', data }] };
    },
    after: async ({ logKeeper, line }, answer) => {
      await logKeeper.accept();
      await line.wakeAll('*');
      return answer;
    },
  });
}

import { z } from 'zod';
import { refuseChange } from '../../changes/gates.ts';
import { queueRefOf } from '../../changes/queue/trees.ts';
import { allowUnless, denied, reason } from '../../lib/decision.ts';
import { lockChange } from '../../tasks/rows.ts';
import { changeMay } from '../../tasks/states.ts';
import { id, project, text } from '../admission/inputs.ts';
import { mutation } from '../admission/procedure.ts';
import type { Gateway } from '../services.ts';
import { thenWake } from './wake.ts';

/** The procedure `change.withdraw`: its maker, or a person, takes a change back; its task is ready again. */
export function withdrawProcedure(gateway: Gateway) {
  return mutation(gateway, {
    action: 'change:withdraw',
    description:
      'Takes back a change that has not landed; its task is ready again. For its maker, and for people.',
    input: z.strictObject({ project, change: id, why: text(2000) }),
    exclusive: true,
    facts: (tx, { input }) => lockChange(tx, input.project, input.change),
    decide: ({ grant, input, facts: change }) => {
      if (change === undefined) return denied(reason('change.missing', input.change));
      const subject = `change/${change.id}`;
      if (grant.cap.tier !== 'human' && change.author !== grant.sub)
        return denied(reason('change.author', subject, { found: grant.sub, limit: change.author }));
      return changeMay(change, 'withdraw')
        ? allowUnless([], change)
        : denied(reason('change.state', subject, { found: change.state }));
    },
    effect: async (tx, { decided: change }, { grant, input }) => ({
      answer: { change: change.id, task: change.task, state: 'refused' as const },
      events: await refuseChange(tx, change, 'withdraw', `withdrawn by ${grant.sub}: ${input.why}`),
    }),
    after: async (answer, input) => {
      await gateway.git.dropCandidate(input.project, queueRefOf(answer.change));
      return thenWake(gateway)(answer, input);
    },
  });
}

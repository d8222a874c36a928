import { asc, gt } from 'drizzle-orm';
import { z } from 'zod';
import { checkpoints } from '../../store/schema.ts';
import { page, project } from '../admission/inputs.ts';
import { query, t } from '../admission/procedure.ts';
import { acceptLogProcedure } from '../events/log-accept.ts';
import type { Gateway, VerifiedLog } from '../services.ts';
import { auditRunProcedures } from './run-procedures.ts';

/** Procedure that verifies the chain of events in the database. */
export function auditRouter(gateway: Gateway) {
  return t.router({
    ...auditRunProcedures(gateway),
    accept: acceptLogProcedure(gateway),
    verify: query(gateway, {
      action: 'audit:verify',
      description:
        'Verifies the hash chain of all events and every signed checkpoint; a broken one stops every project.',
      input: z.strictObject({ project }),
      answer: async () => verifyAnswer(await gateway.workers.verifyLog()),
    }),
    checkpoints: query(gateway, {
      action: 'audit:verify',
      description: 'Lists the signed checkpoints of the chain after a position, oldest first.',
      input: z.strictObject({ project, ...page }),
      answer: (input) =>
        gateway.store.orm
          .select()
          .from(checkpoints)
          .where(gt(checkpoints.position, input.after))
          .orderBy(asc(checkpoints.position))
          .limit(input.limit),
    }),
  });
}

/** Clients know the events that are not sequenced yet as `unplaced`. */
const verifyAnswer = ({ unsequenced, fault, below, ...chain }: VerifiedLog) => ({
  ...chain,
  unplaced: unsequenced,
  fault,
  below,
});

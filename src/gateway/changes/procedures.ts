import { and, desc, eq } from 'drizzle-orm';
import { z } from 'zod';
import { readGateRuns } from '../../changes/slots/shown.ts';
import { changes, landings, verdicts } from '../../tasks/schema.ts';
import { changeStates } from '../../tasks/states.ts';
import { commitId, id, name, project } from '../admission/inputs.ts';
import { query, t } from '../admission/procedure.ts';
import { previewCommit } from '../pushes/preview-push.ts';
import type { Gateway } from '../services.ts';
import { checksProcedure } from './checks.ts';
import { diffProcedure } from './diff.ts';
import { findChange } from './find-change.ts';
import { changePageProcedure } from './page.ts';
import { holdProcedure, moveProcedure, queueProcedure, releaseProcedure, whyProcedure } from './queue.ts';
import { commitReasons, submitProcedure } from './submit.ts';
import { withdrawProcedure } from './withdraw.ts';

/** Changes: commits offered for landing. */
export function changeRouter(gateway: Gateway) {
  const { store } = gateway;
  return t.router({
    submit: submitProcedure(gateway),
    list: query(gateway, {
      action: 'change:read',
      description: 'Lists the changes of a project, the newest first.',
      input: z.strictObject({
        project,
        task: name.optional(),
        state: z.enum(changeStates).optional(),
        limit: z.number().int().min(1).max(500).default(50),
      }),
      answer: (input) => {
        const where = [eq(changes.project, input.project)];
        if (input.task !== undefined) where.push(eq(changes.task, input.task));
        if (input.state !== undefined) where.push(eq(changes.state, input.state));
        return store.orm
          .select()
          .from(changes)
          .where(and(...where))
          .orderBy(desc(changes.createdAt))
          .limit(input.limit);
      },
    }),
    show: query(gateway, {
      action: 'change:read',
      description: 'Shows a change with its gates, verdicts and landing.',
      input: z.strictObject({ project, change: id }),
      answer: async (input) => {
        const change = await findChange(gateway.store, input.project, input.change);
        const gates = await readGateRuns(store, change.id);
        const given = await store.orm.select().from(verdicts).where(eq(verdicts.change, change.id));
        return { ...change, gates, verdicts: given, landing: await landingOf(store, change.id) };
      },
    }),
    page: changePageProcedure(gateway),
    diff: diffProcedure(gateway),
    checks: checksProcedure(gateway),
    check: checkProcedure(gateway),
    queue: queueProcedure(gateway),
    why: whyProcedure(gateway),
    move: moveProcedure(gateway),
    hold: holdProcedure(gateway),
    release: releaseProcedure(gateway),
    withdraw: withdrawProcedure(gateway),
  });
}

/** The landing of a change, with the runs that vouch for it and the tree that they passed on; null before it. */
async function landingOf({ orm }: Gateway['store'], change: string) {
  const [row] = await orm
    .select()
    .from(landings)
    .where(and(eq(landings.change, change), eq(landings.state, 'done')));
  if (row === undefined) return null;
  const { position, batch, vouchedTree, vouchedBy, endedAt } = row;
  return { position, batch, vouchedTree, vouchedBy, landedAt: endedAt };
}

function checkProcedure(gateway: Gateway) {
  const { git } = gateway;
  return query(gateway, {
    action: 'change:check',
    description:
      'Dry run: judges a pushed commit as a push would be, and tells whether it merges with today’s main.',
    input: z.strictObject({ project, task: name, epoch: z.number().int().min(1), commit: commitId }),
    answer: async (input, call) => {
      const offer = await git.offer(input);
      // A commit that was not pushed may be none that the repository has.
      const judged = offer.kind === 'unpushed' ? [] : await previewCommit(gateway, input, call.grant);
      const reasons = [...commitReasons(offer), ...judged];
      return { offer: offer.kind, conflicts: offer.kind === 'conflict' ? offer.paths : [], reasons };
    },
  });
}

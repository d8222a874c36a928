import { z } from 'zod';
import { denied, type Reason, reason, unlessAlso } from '../../lib/decision.ts';
import { aliveCount } from '../../runs/rows.ts';
import { stopsAgainst } from '../../stops/rows.ts';
import type { Tx } from '../../store/store.ts';
import { planAt } from '../../tasks/plan-cache.ts';
import { readChange } from '../../tasks/rows.ts';
import { unreadyReasons } from '../../tasks/unready.ts';
import { id, name, project, text } from '../admission/inputs.ts';
import { mutation } from '../admission/procedure.ts';
import { lockGrant } from '../auth/minting.ts';
import type { Gateway } from '../services.ts';
import { decideRun, requestRun } from './request-run.ts';

const spawnInput = z.strictObject({
  project,
  profile: name.describe('An agent profile of the plan that has an adapter'),
  role: z
    .string()
    .regex(/^[A-Z][A-Z0-9_]{0,39}$/)
    .optional()
    .describe('Another role of the same tier'),
  model: z.string().max(100).optional(),
  task: name.optional().describe('The task that the run is for'),
  change: id.optional().describe('The change that it shall judge'),
  mission: text(20_000).optional().describe('What it shall do, in words'),
  maxSeconds: z
    .number()
    .int()
    .min(1)
    .max(7 * 86_400)
    .optional(),
  autoTerminate: z.boolean().optional(),
});

/** The procedure `agent.spawn`: requests a run of a profile of the plan. */
export function spawnProcedure(gateway: Gateway) {
  return mutation(gateway, {
    action: 'agent:spawn',
    description:
      'Asks for a run of an agent profile, inside the bounds of the caller’s own grant; a runner takes it. Answers the id of the run.',
    input: spawnInput,
    facts: async (tx, { grant, input, entered }) => {
      const row = await lockGrant(tx, grant.grantId);
      const plan = await planAt(tx, input.project, (await entered).planHash);
      const unready = input.task === undefined ? [] : await unreadyReasons(tx, input.project, input.task);
      const stopped = await stopsAgainst(tx, input.project, { what: 'spawn', task: input.task });
      const unknown = await unknownChange(tx, input);
      return { row, plan, unready, unknown, stopped, alive: await aliveCount(tx, input.project) };
    },
    decide: ({ grant, input, facts, entered: { now } }) => {
      const { row, plan, unready, unknown, stopped, alive } = facts;
      if (row === undefined) return denied(reason('grant.missing', grant.grantId));
      const decision = decideRun({ grant, row }, asRequest(input), { plan, alive, now });
      const isBuilder = plan?.agents[input.profile]?.tier === 'implementer';
      return unlessAlso(decision, [...unknown, ...(isBuilder ? unready : []), ...stopped]);
    },
    effect: async (tx, { decided }, { entered }) => {
      const at = { now: entered.now, epoch: entered.epoch ?? 1 };
      const { run, agent, event } = await requestRun(tx, decided, at);
      return { answer: { run, agent }, events: [event] };
    },
  });
}

/** The reason against a run for a change that the project does not have. */
async function unknownChange(tx: Tx, { project, change }: z.infer<typeof spawnInput>): Promise<Reason[]> {
  if (change === undefined || (await readChange(tx, project, change)) !== undefined) return [];
  return [reason('change.missing', change)];
}

const asRequest = ({ maxSeconds, ...input }: z.infer<typeof spawnInput>) => ({
  ...input,
  maxMs: maxSeconds === undefined ? undefined : maxSeconds * 1000,
});

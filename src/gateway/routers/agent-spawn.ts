import { z } from 'zod';
import { reason } from '../../lib/decision.ts';
import { aliveCount } from '../../line/run/rows.ts';
import { stopsAgainst } from '../../line/stops.ts';
import { planAt } from '../../tasks/plan-cache.ts';
import { unreadyReasons } from '../../tasks/unready.ts';
import { lockGrant } from '../auth/minting.ts';
import type { Gateway } from '../door/gateway.ts';
import { mutation } from '../door/procedure.ts';
import { decideRun, requestRun } from '../runs/request-run.ts';
import { id, name, project, text } from './inputs.ts';

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

/** `agent.spawn`. */
export function spawnProcedure(gateway: Gateway) {
  return mutation(gateway, {
    action: 'agent:spawn',
    description:
      'Asks for a run of an agent profile, inside the bounds of the caller’s own grant; a runner takes it. Answers the id of the run.',
    input: spawnInput,
    fixed: async () => undefined,
    moving: async (tx, { grant, input, entered }) => {
      const row = await lockGrant(tx, grant.gid);
      const plan = await planAt(tx, input.project, (await entered).planHash);
      const unready = input.task === undefined ? [] : await unreadyReasons(tx, input.project, input.task);
      const stopped = await stopsAgainst(tx, input.project, { what: 'spawn', task: input.task });
      return { row, plan, unready, stopped, alive: await aliveCount(tx, input.project) };
    },
    decide: ({ grant, input, moving, entered: { now } }) => {
      const { row, plan, unready, stopped, alive } = moving;
      if (row === undefined) return [reason('grant.missing', grant.gid)];
      const decided = decideRun({ grant, row }, asRequest(input), { plan, alive, now });
      const isBuilder = plan?.agents[input.profile]?.tier === 'implementer';
      return [...(decided.reasons ?? []), ...(isBuilder ? unready : []), ...stopped];
    },
    effect: async (tx, _permit, { grant, input, moving, entered }) => {
      const { row, plan, alive } = moving;
      if (row === undefined || plan === undefined) throw new Error('spawned without a grant or a plan');
      const spawner = { grant, row };
      const request = asRequest(input);
      const { cap } = decideRun(spawner, request, { plan, alive, now: entered.now });
      if (cap === undefined) throw new Error('spawned without a capability');
      const facts = { now: entered.now, epoch: entered.epoch ?? 1, plan };
      const { run, agent, event } = await requestRun(tx, spawner, request, cap, facts);
      return { answer: { run, agent }, events: [event] };
    },
  });
}

const asRequest = ({ maxSeconds, ...input }: z.infer<typeof spawnInput>) => ({
  ...input,
  maxMs: maxSeconds === undefined ? undefined : maxSeconds * 1000,
});

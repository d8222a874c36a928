import { type Reason, reason } from '../lib/decision.ts';
import { plainNamePattern } from '../lib/names.ts';
import type { Plan, PlanAgent } from './plan.ts';
import type { PlanTrigger } from './triggers.ts';

/** The name of the trigger that keeps the pool of a profile. */
const poolName = (profile: string): string => `pool-${profile}`;

/** The triggers of a plan with those that keep the pools of its profiles. */
export const armedTriggers = (plan: Plan): Readonly<Record<string, PlanTrigger>> => ({
  ...plan.triggers,
  ...Object.fromEntries(
    pooled(plan).map(([profile, { pool }]): [string, PlanTrigger] => [
      poolName(profile),
      { ...asTrigger, spawn: profile, pool },
    ]),
  ),
});

type Pooled = PlanAgent & { readonly pool: number };

const pooled = ({ agents }: Plan): [string, Pooled][] =>
  Object.entries(agents).flatMap(([profile, agent]): [string, Pooled][] =>
    agent.pool === undefined ? [] : [[profile, { ...agent, pool: agent.pool }]],
  );

// A pool counts its runs by itself: no run holds up another one, and time that has passed is not made up for.
const asTrigger = {
  for: 'event',
  overlap: 'allow',
  misfire: 'skip',
  most: 1,
  catchUp: '1d',
  perHour: 3600,
  paused: false,
} as const;

/** Every fault in the pools of a plan. */
export const checkPools = (plan: Plan): Reason[] =>
  pooled(plan).flatMap(([profile, agent]) => {
    const found = faultOf(agent);
    const place = `agents.${profile}.pool`;
    return [
      ...(found === undefined ? [] : [reason('plan.invalid', place, found)]),
      ...nameFaults(plan, profile, place),
    ];
  });

function faultOf({ tier, adapter }: PlanAgent) {
  if (tier === 'executive')
    return { found: tier, limit: 'an implementer or a validator, whose work waits in a queue' };
  if (adapter !== undefined) return undefined;
  return { found: 'no adapter', limit: 'a profile with an `adapter`, which tells how a run is started' };
}

function nameFaults({ triggers }: Plan, profile: string, place: string): Reason[] {
  const name = poolName(profile);
  if (Object.hasOwn(triggers ?? {}, name))
    return [reason('plan.invalid', `triggers.${name}`, { found: `the name of the pool of ${profile}` })];
  if (plainNamePattern.test(name)) return [];
  return [reason('plan.invalid', place, { found: name, limit: 'a shorter name of the profile' })];
}

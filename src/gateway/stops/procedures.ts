import { z } from 'zod';
import { allowUnless, denied, type Reason, reason } from '../../lib/decision.ts';
import { stopColours } from '../../plan/kinds.ts';
import type { Plan } from '../../plan/plan.ts';
import { readLog } from '../../stops/log.ts';
import { clearReasons, rootKinds, whysMax } from '../../stops/root-cause.ts';
import { clearStop, lockStop, pull, readStops } from '../../stops/rows.ts';
import type { StopRow } from '../../stops/stop.ts';
import { clearers, parseScope, type Scope, scopePattern, scopeText } from '../../stops/stop-scope.ts';
import { event } from '../../store/log/events.ts';
import { planAt } from '../../tasks/plan-cache.ts';
import { id, project, text } from '../admission/inputs.ts';
import { mutation, query, t } from '../admission/procedure.ts';
import type { Gateway } from '../services.ts';

/** The cord: anybody who sees that something is wrong stops the line; a red stop waits for a human. */
export function cordRouter(gateway: Gateway) {
  const { store } = gateway;
  return t.router({
    pull: pullProcedure(gateway),
    clear: clearProcedure(gateway),
    status: query(gateway, {
      action: 'cord:read',
      description:
        'Shows the open stops of a project and of all projects: scope, reason, and who may clear each.',
      input: z.strictObject({ project }),
      answer: async (input) => {
        const stops = (await readStops(store, input.project)).map(shown);
        return { state: stateOf(stops), stops };
      },
    }),
    log: query(gateway, {
      action: 'cord:read',
      description: 'Lists all stops, the newest first, with the time to clear each and the median of it.',
      input: z.strictObject({ project, limit: z.number().int().min(1).max(500).default(50) }),
      answer: async (input) => {
        const { stops, ...figures } = await readLog(store, input.project, input.limit);
        return { ...figures, stops: stops.map(shown) };
      },
    }),
  });
}

const shown = <S extends StopRow>({ scope, ...stop }: S) => ({
  ...stop,
  scope: scopeText(scope),
  clears: clearers(stop.colour, stop.pulledBy),
});

const stateOf = (stops: readonly { readonly colour: 'yellow' | 'red' }[]): 'running' | 'yellow' | 'red' => {
  if (stops.length === 0) return 'running';
  return stops.some(({ colour }) => colour === 'red') ? 'red' : 'yellow';
};

/**
 * Reasons against a scope: `all` goes with the project `*`, whose grants are those of people for every
 * project; a task must be in the plan.
 */
function scopeReasons(projectName: string, scope: Scope, plan: Plan | undefined): Reason[] {
  if ((scope.kind === 'all') !== (projectName === '*'))
    return [
      reason('cord.scope', scopeText(scope), {
        found: `project ${projectName}`,
        limit: 'all with project `*`, any other with one project',
        next: 'name the scope project; all needs a grant on every project',
      }),
    ];
  const { kind, value } = scope;
  const ofTask = kind === 'task' || kind === 'workflow';
  if (!ofTask || (plan !== undefined && Object.hasOwn(plan.tasks, value))) return [];
  return [reason('task.missing', `task/${value}`)];
}

// The schema has let only valid scopes in.
const scopeOf = ({ scope }: { scope: string }): Scope => parseScope(scope) ?? { kind: 'project', value: '' };

function pullProcedure(gateway: Gateway) {
  return mutation(gateway, {
    action: 'cord:pull',
    whileBelow: true,
    description:
      'Stops the line. Red: nothing in the scope is claimed, spawned or landed from the answer on. Yellow: work in progress goes on to its next handoff, nothing new is claimed.',
    input: z.strictObject({
      project,
      colour: z.enum(stopColours).default('yellow'),
      scope: z
        .string()
        .regex(scopePattern, 'task/<task>, workflow/<task>, project or all')
        .default('project')
        .describe('task/<task>, workflow/<task>, project, or all with the project `*`'),
      why: text(2000),
    }),
    // Exclusive: transactions in the project have committed before, and later ones see the stop.
    exclusive: true,
    facts: async (tx, { input, entered }) => planAt(tx, input.project, (await entered).planHash),
    decide: ({ input, facts }) => allowUnless(scopeReasons(input.project, scopeOf(input), facts)),
    effect: async (tx, _permit, { grant, input }) => {
      const { project: projectName, colour, why } = input;
      const scope = scopeOf(input);
      const draft = { project: projectName, colour, scope, why, cause: 'person' as const };
      const by = { subject: scopeText(scope), by: grant.sub, grantId: grant.grantId };
      const { stop, count, events } = await pull(tx, { ...draft, ...by });
      const answer = { stop, colour, scope: scopeText(scope), count };
      const again = { colour, scope: answer.scope, why, count };
      return { answer, events: count > 1 ? [event('cord.pulled', `stop/${stop}`, again)] : events };
    },
    // Landings with an intent from before the stop are ended before anybody is told that the line stands.
    after: async (answer, input) => {
      if (input.colour === 'red') await gateway.workers.settleLandings(input.project);
      return answer;
    },
  });
}

const rootCause = z.strictObject({
  whys: z
    .array(z.strictObject({ why: text(2000), evidence: text(4000) }))
    .min(1)
    .max(whysMax)
    .describe('From the stop to its root; five as a rule'),
  kind: z.enum(rootKinds).describe('What the last why comes down to: never a person or an agent'),
  prevention: text(4000).describe('The change that keeps it from happening again'),
});

function clearProcedure(gateway: Gateway) {
  return mutation(gateway, {
    action: 'cord:clear',
    description:
      'Clears a stop. Red: a human, with the root cause. Yellow: the principal that pulled it, an executive or a human, with a reason.',
    input: z.strictObject({
      project,
      stop: id,
      why: text(2000).optional().describe('Why work may go on'),
      rootCause: rootCause.optional(),
    }),
    exclusive: true,
    facts: (tx, { input }) => lockStop(tx, input.project, input.stop),
    decide: ({ grant, input, facts }) => {
      if (facts === undefined) return denied(reason('cord.missing', input.stop));
      if (facts.clearedBy !== null)
        return denied(reason('cord.cleared', `stop/${facts.id}`, { found: `cleared by ${facts.clearedBy}` }));
      const { why, rootCause: given } = input;
      const by = { by: grant.sub, tier: grant.cap.tier, why, rootCause: given };
      return allowUnless(clearReasons(facts, by), facts);
    },
    effect: async (tx, { decided: stop }, { grant, input }) => {
      const why = input.why ?? input.rootCause?.prevention ?? '';
      const cleared = { by: grant.sub, grantId: grant.grantId, why, rootCause: input.rootCause };
      const events = await clearStop(tx, stop, cleared);
      return { answer: { stop: stop.id, colour: stop.colour }, events };
    },
    after: async (answer, input) => {
      await gateway.workers.wakeAll(input.project);
      return answer;
    },
  });
}

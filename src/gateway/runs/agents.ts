import { z } from 'zod';
import { allowUnless, denied, reason } from '../../lib/decision.ts';
import { fail } from '../../lib/errors.ts';
import { lockRunsBelow, lockRunsOf } from '../../runs/rows.ts';
import { type EmittedEvent, event } from '../../store/log/events.ts';
import { statement } from '../../store/store.ts';
import { endAttempt } from '../../tasks/attempts.ts';
import type { HeldRow } from '../../tasks/lease.ts';
import { moveTask } from '../../tasks/transition.ts';
import type { Tier } from '../../tiers/actions.ts';
import { principal, project, text } from '../admission/inputs.ts';
import { mutation, query, t } from '../admission/procedure.ts';
import { findTargets, grantEntries, revoke, targetReasons } from '../auth/revoking.ts';
import type { Gateway } from '../services.ts';
import { endContext } from './end-context.ts';
import { spawnProcedure } from './spawn.ts';
import { stopRun } from './stop-run.ts';
import { updateProcedure } from './update-agent.ts';

const heldBy = statement(
  'tasks.heldBy',
  `select project, id, epoch, state from tasks where project = $1 and holder = $2 and state = 'in_progress' for update`,
);
// Holders of grants in the project, past and present, with their own words about themselves and their present
// work.
const agentRows = statement(
  'agents.list',
  `select g.agent as name, (array_agg(g.cap->>'tier' order by g.created_at desc))[1] as tier,
     (array_agg(g.cap->>'role' order by g.created_at desc))[1] as role,
     (array_agg(g.cap->'skills' order by g.created_at desc))[1] as capabilities,
     max(g.created_at) as "grantedAt",
     bool_or(g.revoked_at is null and g.expires_at > (select andon_now())) as active,
     (select id from runs r where r.project = $1 and r.agent = g.agent order by requested_at desc limit 1) as run,
     (select state from runs r where r.project = $1 and r.agent = g.agent order by requested_at desc limit 1) as "runState",
     array(select t.id from tasks t where t.project = $1 and t.holder = g.agent and t.state = 'in_progress' order by t.id) as tasks,
     (select a.self from agents a where a.project = $1 and a.name = g.agent) as self,
     (select a.seen_at from agents a where a.project = $1 and a.name = g.agent) as "seenAt"
   from grants g where andon_reaches(g, $1) and ($2::text is null or g.agent = $2)
   group by g.agent order by max(g.created_at) desc limit $3`,
);
/** An agent of the project. */
export interface AgentRow {
  readonly name: string;
  readonly tier: Tier;
  readonly role: string;
  readonly capabilities: readonly string[];
  readonly grantedAt: Date;
  /** True when the agent holds a living grant. */
  readonly active: boolean;
  readonly run: string | null;
  readonly runState: string | null;
  readonly tasks: readonly string[];
  readonly self: Record<string, unknown> | null;
  readonly seenAt: Date | null;
}

/** Agents: their names and words about themselves, and their start and end. */
export function agentRouter(gateway: Gateway) {
  const { store } = gateway;
  return t.router({
    list: query(gateway, {
      action: 'agent:read',
      description: 'Lists agents and people who hold or held a grant, with their present work.',
      input: z.strictObject({ project, limit: z.number().int().min(1).max(1000).default(100) }),
      answer: async (input) => ({
        agents: await store.rows<AgentRow>(agentRows, [input.project, null, input.limit]),
      }),
    }),
    show: query(gateway, {
      action: 'agent:read',
      description:
        'Shows an agent: tier, role, capabilities, its run, its tasks and its own words about itself.',
      input: z.strictObject({ project, agent: principal }),
      answer: async (input) => {
        const [row] = await store.rows<AgentRow>(agentRows, [input.project, input.agent, 1]);
        if (row === undefined) throw fail('agent.missing', input.agent);
        return row;
      },
    }),
    update: updateProcedure(gateway),
    spawn: spawnProcedure(gateway),
    terminate: terminateProcedure(gateway),
  });
}

function terminateProcedure(gateway: Gateway) {
  return mutation(gateway, {
    action: 'agent:terminate',
    description:
      'Ends everything that an agent holds in the project: revokes its grants, ends its runs and those that it spawned, gives its tasks back to the pool.',
    input: z.strictObject({ project, agent: principal, why: text(2000) }),
    exclusive: true,
    facts: async (tx, { input }) => {
      const targets = await findTargets(tx, input.project, 'agent', input.agent);
      const grantIds = targets.map(({ grantId }) => grantId);
      const own = await lockRunsOf(tx, input.project, input.agent);
      const below = await lockRunsBelow(tx, input.project, grantIds);
      const runs = [...new Map([...own, ...below].map((run) => [run.id, run])).values()];
      return {
        targets,
        runs,
        tasks: await tx.rows<HeldRow>(heldBy, [input.project, input.agent]),
      };
    },
    decide: ({ grant, input, facts: { targets, tasks, runs } }) =>
      targets.length === 0 && tasks.length === 0 && runs.length === 0
        ? denied(reason('agent.missing', input.agent))
        : allowUnless(targetReasons(grant, input.project, targets)),
    effect: async (tx, _permit, { grant, input, facts, entered }) => {
      const rows = grantEntries(input.project, facts.targets);
      const { voided, events: voidings } = await revoke(tx, rows, grant.sub, input.why);
      for (const task of facts.tasks) moveTask(tx, task, 'release');
      const context = await endContext(tx, gateway.tokens, input.project, entered);
      const stopped = [];
      for (const run of facts.runs)
        stopped.push(...(await stopRun(tx, run, { by: grant.sub, why: input.why }, context)));
      const why = `${input.agent} was terminated`;
      const released: EmittedEvent[] = [];
      for (const { id, epoch } of facts.tasks) {
        released.push(event('task.released', `task/${id}`, { epoch, why }));
        const of = { project: input.project, task: id, epoch, agent: input.agent };
        released.push(...(await endAttempt(tx, { ...of, outcome: 'released', reasons: [why, input.why] })));
      }
      const runs = facts.runs.map(({ id }) => id);
      const ended = event('agent.terminated', input.agent, { rows, why: input.why, runs });
      return {
        answer: {
          agent: input.agent,
          grants: rows.length,
          tasks: facts.tasks.map(({ id }) => id),
          runs,
          voided,
        },
        events: [ended, ...released, ...stopped, ...voidings],
      };
    },
    after: async (answer, input) => {
      // A landing on a pass that is void now has moved main already, or never will.
      if (answer.voided.length > 0) await gateway.workers.settleLandings(input.project);
      return answer;
    },
  });
}

import { z } from 'zod';
import { allowUnless, denied, reason } from '../../lib/decision.ts';
import { fail } from '../../lib/errors.ts';
import { outputAfter } from '../../runs/output.ts';
import { lockRun, type RunRow, readRun } from '../../runs/rows.ts';
import { runStates } from '../../runs/states.ts';
import { statement } from '../../store/store.ts';
import type { Tier } from '../../tiers/actions.ts';
import type { Grant } from '../../tiers/capability.ts';
import { claimsFromWire } from '../../tiers/wire.ts';
import { id, name, project, text } from '../admission/inputs.ts';
import { mutation, query, t } from '../admission/procedure.ts';
import type { Gateway } from '../services.ts';
import { endContext } from './end-context.ts';
import { runnerProcedures } from './runner-procedures.ts';
import { stopRun } from './stop-run.ts';

const list = statement(
  'runs.list',
  `select id, agent, profile, tier, role, adapter, model, task, change, state, outcome, note, attempt, runner, spawner, trigger,
     requested_at as "requestedAt", started_at as "startedAt", ended_at as "endedAt", lease_until as "leaseUntil", stop_wanted as "stopWanted", usage, sandbox
   from runs where project = $1 and ($2::text[] is null or state = any($2)) and ($3::text is null or task = $3)
   order by requested_at desc, id desc limit $4`,
);
/** A run, as lists show it. */
export interface RunSummary {
  readonly id: string;
  readonly agent: string;
  readonly profile: string;
  readonly tier: Tier;
  readonly role: string;
  readonly adapter: string;
  readonly model: string | null;
  readonly task: string | null;
  readonly change: string | null;
  readonly state: RunRow['state'];
  readonly outcome: RunRow['outcome'];
  readonly note: string | null;
  readonly attempt: number;
  readonly runner: string | null;
  readonly spawner: string;
  readonly trigger: string | null;
  readonly requestedAt: Date;
  readonly startedAt: Date | null;
  readonly endedAt: Date | null;
  readonly leaseUntil: Date | null;
  readonly stopWanted: string | null;
  readonly usage: RunRow['usage'];
  readonly sandbox: string | null;
}

/** Runs: processes of agents, from the intent to the outcome. */
export function runRouter(gateway: Gateway) {
  const { store } = gateway;
  return t.router({
    list: query(gateway, {
      action: 'run:read',
      description: 'Lists runs of agents, the newest first.',
      input: z.strictObject({
        project,
        states: z.array(z.enum(runStates)).optional(),
        task: name.optional(),
        limit: z.number().int().min(1).max(1000).default(50),
      }),
      answer: async (input) => ({
        runs: await store.rows<RunSummary>(list, [
          input.project,
          input.states ?? null,
          input.task ?? null,
          input.limit,
        ]),
      }),
    }),
    show: query(gateway, {
      action: 'run:read',
      description: 'Shows a run: its spawner, its rights, its verdict and its work.',
      input: z.strictObject({ project, run: id }),
      answer: async (input) => {
        const run = await readRun(store, input.project, input.run);
        if (run === undefined) throw fail('run.missing', input.run);
        const { launch, ...shown } = run;
        const { w, budget } = launch.claims.cap;
        return { ...shown, depth: launch.depth, w, budget };
      },
    }),
    output: query(gateway, {
      action: 'run:read',
      description: 'Shows the output of a run, in pieces; the middle of a long output is left out.',
      input: z.strictObject({
        project,
        run: id,
        after: z.number().int().min(0).default(0),
        limit: z.number().int().min(1).max(16).default(8),
      }),
      answer: async (input) => {
        const row = await readRun(store, input.project, input.run);
        if (row === undefined) throw fail('run.missing', input.run);
        const pieces = await outputAfter(store, row.id, input.after, input.limit);
        return { run: row.id, pieces, ended: row.state === 'ended' };
      },
    }),
    stop: stopProcedure(gateway),
    ...runnerProcedures(gateway),
  });
}

function stopProcedure(gateway: Gateway) {
  return mutation(gateway, {
    action: 'run:stop',
    description:
      'Ends a run: its runner kills all of its processes, its tokens are revoked, its tasks go back to the pool.',
    input: z.strictObject({ project, run: id, why: text(2000) }),
    facts: (tx, { input }) => lockRun(tx, input.project, input.run),
    decide: ({ grant, input, facts }) => {
      if (facts === undefined) return denied(reason('run.missing', input.run));
      if (facts.state === 'ended')
        return denied(reason('run.ended', input.run, { found: facts.outcome ?? 'ended' }));
      return allowUnless(stopReasons(grant, facts), facts);
    },
    effect: async (tx, { decided: run }, { grant, input, entered }) => {
      const context = await endContext(tx, gateway.tokens, input.project, entered);
      const events = await stopRun(tx, run, { by: grant.sub, why: input.why }, context);
      return { answer: { run: run.id, state: run.state }, events };
    },
  });
}

/** Reasons against stopping a run: people stop any run, executives those that descend from them. */
function stopReasons(grant: Grant, run: RunRow) {
  if (grant.cap.tier === 'human' || run.spawnerGid === grant.grantId) return [];
  if (claimsFromWire(run.launch.claims).lineage.includes(grant.grantId)) return [];
  return [
    reason('grant.tier', `run/${run.id}`, { found: grant.cap.tier, limit: 'a run that descends from you' }),
  ];
}

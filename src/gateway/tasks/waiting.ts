import { z } from 'zod';
import type { Reason } from '../../lib/decision.ts';
import type { Plan } from '../../plan/plan.ts';
import { readStops } from '../../stops/rows.ts';
import { stopReasons } from '../../stops/stop-scope.ts';
import type { Claimant } from '../../tasks/claim.ts';
import { planAt } from '../../tasks/plan-cache.ts';
import { readProject } from '../../tasks/rows.ts';
import { barringReasons, readUnheld, type UnheldTask } from '../../tasks/unheld.ts';
import { type Waiting, waitingFor } from '../../tasks/waiting.ts';
import { authorise } from '../../tiers/authorise.ts';
import type { Call } from '../admission/admission.ts';
import { rememberedFacts } from '../admission/entry.ts';
import { project } from '../admission/inputs.ts';
import { query } from '../admission/procedure.ts';
import type { Gateway } from '../services.ts';
import { readPulling } from './claimants.ts';

/** A task that waits, with the stops that hold it, and with who may claim it. */
export interface WaitingAnswer extends Waiting {
  readonly stops: readonly Reason[];
  /** Reasons why the caller may not claim it; empty for a task that is not ready. */
  readonly barred: readonly Reason[];
  /**
   * True when there are agents who pull work, and the grant of none lets it claim this task. False also when that was
   * not looked at: behind the first tasks, and while no agent pulls.
   */
  readonly beyondAgents: boolean;
}

/** Tasks whose claim is judged for the caller and for agents: comparing a scope takes about a millisecond once. */
const judgedMax = 200;

/** The procedure `task.waiting`. */
export const waitingProcedure = (gateway: Gateway) =>
  query(gateway, {
    action: 'task:read',
    description:
      'Lists, for every task that is not done, the causes of its waiting: tasks, a phase, a person, a verdict, a stop; and whether you, and any agent, may claim it.',
    input: z.strictObject({ project }),
    answer: (input, call) => readWaiting(gateway, input.project, call),
  });

async function readWaiting(gateway: Gateway, projectName: string, call: Call): Promise<WaitingAnswer[]> {
  const { store } = gateway;
  const [rows, stops, stored, unheld, pulling] = await Promise.all([
    waitingFor(store, projectName),
    readStops(store, projectName),
    readProject(store, projectName),
    readUnheld(store, projectName, { backlog: true, max: judgedMax }),
    readPulling(store, projectName),
  ]);
  const plan = await planAt(store, projectName, stored?.planHash ?? null);
  const byId = new Map(unheld.map((task) => [task.id, task]));
  return rows.map((row) => {
    const task = byId.get(row.task);
    const what = row.state === 'gated' ? 'landing' : 'claim';
    const held = row.state === 'ready' || row.state === 'gated';
    return {
      ...row,
      stops: held ? stopReasons(stops, { what, task: row.task, plan }) : [],
      barred: task?.state === 'ready' ? barredReasons(gateway, projectName, call, task, plan) : [],
      beyondAgents: task !== undefined && isBeyond(pulling, task, plan),
    };
  });
}

/** Reasons why a caller may not claim a ready task, by the rules of admission and of the claim. */
function barredReasons(
  gateway: Gateway,
  projectName: string,
  call: Call,
  task: UnheldTask,
  plan: Plan | undefined,
): readonly Reason[] {
  const { grant } = call;
  const request = { action: 'task:claim', project: projectName, task: task.id } as const;
  const against = authorise(grant, request, rememberedFacts(gateway, call, projectName));
  return against.length > 0
    ? against
    : barringReasons({ agent: grant.sub, grantId: grant.grantId, cap: grant.cap }, task, plan);
}

const isBeyond = (pulling: readonly Claimant[], task: UnheldTask, plan: Plan | undefined): boolean =>
  pulling.length > 0 && pulling.every((one) => barringReasons(one, task, plan).length > 0);

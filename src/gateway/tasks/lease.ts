import { z } from 'zod';
import { allowUnless, denied, reason } from '../../lib/decision.ts';
import { sendMessage } from '../../messages/messages.ts';
import { stopsAgainst } from '../../stops/rows.ts';
import { settleStranded } from '../../stops/stranded.ts';
import { event } from '../../store/log/events.ts';
import type { Tx } from '../../store/store.ts';
import { endAttempt } from '../../tasks/attempts.ts';
import { decideLease, renewLease, stealLease } from '../../tasks/lease.ts';
import { openQuestions, questionReasons } from '../../tasks/questions.ts';
import { advanceReadiness } from '../../tasks/readiness.ts';
import { lockTask, type TaskRow } from '../../tasks/rows.ts';
import { taskMay } from '../../tasks/states.ts';
import { moveTask } from '../../tasks/transition.ts';
import type { Effect } from '../admission/definitions.ts';
import { name, principal, project, text } from '../admission/inputs.ts';
import { mutation } from '../admission/procedure.ts';
import type { Gateway } from '../services.ts';
import { holderReasons } from './claimants.ts';

const held = { project, task: name, epoch: z.number().int().min(1) };

/** A lease with its new end. */
export interface Renewed {
  readonly task: string;
  readonly epoch: number;
  readonly leaseUntil: Date;
}

/** The procedure `task.renew`: extends the lease of a task that the caller holds. */
export function renewProcedure(gateway: Gateway) {
  return mutation(gateway, {
    action: 'task:renew',
    description: 'Renews the lease of a task that the caller holds.',
    input: z.strictObject(held),
    access: ({ task, epoch }) => ({ task, epoch }),
    revive: (stored: Renewed): Renewed => ({ ...stored, leaseUntil: new Date(stored.leaseUntil) }),
    facts: (tx, { input }) => lockTask(tx, input.project, input.task),
    decide: ({ grant, input, facts, entered }) =>
      decideLease(facts, input.task, { agent: grant.sub, epoch: input.epoch }, entered.now),
    effect: async (tx, { decided: task }, { input, entered }): Promise<Effect<Renewed>> => {
      const leaseUntil = renewLease(tx, task, entered.now);
      return {
        answer: { task: input.task, epoch: input.epoch, leaseUntil },
        events: [event('task.renewed', `task/${input.task}`, { epoch: input.epoch })],
      };
    },
  });
}

/** The procedure `task.release`: gives a held task back, with its caller preferred for the next claim. */
export function releaseProcedure(gateway: Gateway) {
  return mutation(gateway, {
    action: 'task:release',
    description: 'Gives a held task back to the pool, with a reason.',
    input: z.strictObject({ ...held, why: text(2000) }),
    access: ({ task, epoch }) => ({ task, epoch }),
    facts: (tx, { input }) => lockTask(tx, input.project, input.task),
    decide: ({ grant, input, facts, entered }) =>
      decideLease(facts, input.task, { agent: grant.sub, epoch: input.epoch }, entered.now),
    effect: async (tx, { decided: task }, { grant, input }) => {
      moveTask(tx, task, 'release');
      const of = { project: input.project, task: input.task, epoch: input.epoch, agent: grant.sub };
      const readied = await endAttempt(tx, { ...of, outcome: 'released', reasons: [input.why] });
      const released = event('task.released', `task/${input.task}`, { epoch: input.epoch, why: input.why });
      return { answer: { task: input.task, state: 'ready' as const }, events: [released, ...readied] };
    },
  });
}

/** The procedure `task.steal`: moves a running task to another holder and fences the former one off. */
export function stealProcedure(gateway: Gateway) {
  return mutation(gateway, {
    action: 'task:steal',
    description:
      'Moves a task in progress to another holder under the next epoch; the former holder is fenced off at once.',
    input: z.strictObject({ project, task: name, to: principal, why: text(2000) }),
    facts: async (tx, { input }) => ({
      task: await lockTask(tx, input.project, input.task),
      stopped: await stopsAgainst(tx, input.project, { what: 'claim', task: input.task }),
      unable: await holderReasons(tx, input.project, input.to),
    }),
    decide: ({ input, facts: { task, stopped, unable } }) => {
      if (task === undefined) return denied(reason('task.missing', `task/${input.task}`));
      if (!taskMay(task, 'steal'))
        return denied(reason('task.state', `task/${input.task}`, { found: task.state }));
      return allowUnless([...unable, ...stopped], task);
    },
    effect: async (tx, { decided: task }, { grant, input, entered }) => {
      const to = { agent: input.to, grantId: grant.grantId };
      const { epoch, leaseUntil } = stealLease(tx, task, to, entered.now);
      await tellStolen(tx, task, { to: input.to, by: grant.sub, why: input.why });
      return {
        answer: { task: input.task, epoch, leaseUntil, holder: input.to },
        events: [
          event('task.stolen', `task/${input.task}`, {
            from: task.holder,
            to: input.to,
            epoch,
            why: input.why,
          }),
        ],
      };
    },
  });
}

/** The former holder hears that the task is somebody else's, the new one that it is theirs. */
async function tellStolen(
  tx: Tx,
  { project: projectName, id: task, epoch, holder }: TaskRow,
  { to, by, why }: { readonly to: string; readonly by: string; readonly why: string },
): Promise<void> {
  const of = { project: projectName, task, epoch, agent: holder ?? 'nobody' };
  await endAttempt(tx, { ...of, outcome: 'stolen', reasons: [`${by} gave it to ${to}: ${why}`] });
  await sendMessage(tx, {
    project: projectName,
    recipient: to,
    kind: 'note',
    subject: `task/${task}`,
    title: `${task} is yours, epoch ${epoch + 1}: ${by} took it from ${holder ?? 'nobody'}`,
    body: why,
    data: { task, epoch: epoch + 1 },
  });
}

/** The procedure `task.abandon`: gives a task up for good. */
export function abandonProcedure(gateway: Gateway) {
  return mutation(gateway, {
    action: 'task:abandon',
    description:
      'Takes a task out of the plan’s work for good, with a reason; its phase no longer waits for it. The answer names the tasks that need it, which can then not be done.',
    input: z.strictObject({ project, task: name, why: text(2000) }),
    exclusive: true,
    facts: async (tx, { input }) => ({
      task: await lockTask(tx, input.project, input.task),
      open: (await openQuestions(tx, input.project, input.task)).get(input.task),
    }),
    decide: ({ input, facts: { task, open } }) => {
      if (task === undefined) return denied(reason('task.missing', `task/${input.task}`));
      return taskMay(task, 'abandon')
        ? allowUnless(questionReasons(input.task, open), task)
        : denied(reason('task.state', `task/${input.task}`, { found: task.state }));
    },
    effect: async (tx, { decided: task }, { input }) => {
      moveTask(tx, task, 'abandon');
      const events = await advanceReadiness(tx, input.project);
      const settled = await settleStranded(tx, input.project);
      const stranded = settled.stranded.find(({ root }) => root === input.task)?.tasks ?? [];
      return {
        answer: { task: input.task, state: 'abandoned' as const, stranded },
        events: [
          event('task.abandoned', `task/${input.task}`, { why: input.why, stranded }),
          ...events,
          ...settled.events,
        ],
      };
    },
  });
}

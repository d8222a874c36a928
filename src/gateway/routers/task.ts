import { and, asc, eq, isNull } from 'drizzle-orm';
import { z } from 'zod';
import { type Reason, reason } from '../../lib/decision.ts';
import { fail } from '../../lib/errors.ts';
import { limits } from '../../lib/limits.ts';
import { newId } from '../../store/ids.ts';
import type { Tx } from '../../store/store.ts';
import {
  type Candidate,
  type Claimant,
  claimReasons,
  pageSizes,
  readCandidates,
  type Taken,
  takeOne,
} from '../../tasks/claim.ts';
import { knownClasses } from '../../tasks/claim-memo.ts';
import { leaseReasons, renewLease, returnTask, stealLease } from '../../tasks/lease.ts';
import { durationMs, type Plan } from '../../tasks/plan.ts';
import { planAt } from '../../tasks/plan-cache.ts';
import { advanceReadiness } from '../../tasks/readiness.ts';
import { lockTask } from '../../tasks/rows.ts';
import { questions, taskNeeds, tasks } from '../../tasks/schema.ts';
import { taskAfter } from '../../tasks/states.ts';
import { setTaskState } from '../../tasks/transition.ts';
import { unreadyReasons } from '../../tasks/unready.ts';
import { runningCount, waitingFor } from '../../tasks/waiting.ts';
import type { Effect } from '../door/definitions.ts';
import type { Gateway } from '../door/gateway.ts';
import { mutation, query, t } from '../door/procedure.ts';
import { name, principal, project, text } from './inputs.ts';

const held = { project, task: name, epoch: z.number().int().min(1) };
const none = async (): Promise<undefined> => undefined;

/** Claims and leases: work is pulled, held for a time, given back or offered. */
export function taskRouter(gateway: Gateway) {
  return t.router({
    list: query(gateway, {
      action: 'task:read',
      description: 'Lists the tasks of a project with state, holder and lease.',
      input: z.strictObject({
        project,
        state: z.enum(['backlog', 'ready', 'in_progress', 'gated', 'done', 'abandoned']).optional(),
      }),
      answer: async ({ store }, input) => {
        const where =
          input.state === undefined
            ? eq(tasks.project, input.project)
            : and(eq(tasks.project, input.project), eq(tasks.state, input.state));
        return store.orm.select().from(tasks).where(where).orderBy(asc(tasks.position));
      },
    }),
    show: query(gateway, {
      action: 'task:read',
      description: 'Shows one task: scope, needs, gates, holder, open questions and what it waits for.',
      input: z.strictObject({ project, task: name }),
      answer: async ({ store }, input) => {
        const [row] = await store.orm
          .select()
          .from(tasks)
          .where(and(eq(tasks.project, input.project), eq(tasks.id, input.task)));
        if (row === undefined) throw fail('task.missing', `task/${input.task}`);
        const needs = await store.orm
          .select({ needs: taskNeeds.needs })
          .from(taskNeeds)
          .where(and(eq(taskNeeds.project, input.project), eq(taskNeeds.task, input.task)));
        const open = await store.orm
          .select()
          .from(questions)
          .where(and(eq(questions.project, input.project), eq(questions.task, input.task)));
        return { ...row, needs: needs.map((need) => need.needs), questions: open };
      },
    }),
    waiting: query(gateway, {
      action: 'task:read',
      description:
        'Tells, for every task that is not done, what it waits for: tasks, a phase, a person, a verdict.',
      input: z.strictObject({ project }),
      answer: ({ store }, input) => waitingFor(store, input.project),
    }),
    claim: claimProcedure(gateway),
    renew: mutation(gateway, {
      action: 'task:renew',
      description: 'Renews the lease of a task that the caller holds.',
      input: z.strictObject(held),
      access: ({ task, epoch }) => ({ task, epoch }),
      fixed: none,
      foreseen: ({ input }) => ({ kind: 'renew', task: input.task, lease: input.epoch }),
      revive: (stored) => ({ ...stored, leaseUntil: new Date(stored.leaseUntil) }),
      moving: (tx, { input }) => lockTask(tx, input.project, input.task),
      decide: ({ grant, input, moving, entered }) =>
        leaseReasons(moving, input.task, { agent: grant.sub, epoch: input.epoch }, entered.now),
      effect: async (tx, _permit, { input }) => {
        const leaseUntil = await renewLease(tx, input.project, input.task);
        return {
          answer: { task: input.task, epoch: input.epoch, leaseUntil },
          events: [{ type: 'task.renewed', subject: `task/${input.task}`, data: { epoch: input.epoch } }],
        };
      },
    }),
    release: mutation(gateway, {
      action: 'task:release',
      description: 'Gives a held task back to the pool, with a reason.',
      input: z.strictObject({ ...held, why: text(2000) }),
      access: ({ task, epoch }) => ({ task, epoch }),
      fixed: none,
      moving: (tx, { input }) => lockTask(tx, input.project, input.task),
      decide: ({ grant, input, moving, entered }) =>
        leaseReasons(moving, input.task, { agent: grant.sub, epoch: input.epoch }, entered.now),
      effect: async (tx, _permit, { input }) => {
        await returnTask(tx, input.project, input.task);
        return {
          answer: { task: input.task, state: 'ready' as const },
          events: [
            {
              type: 'task.released',
              subject: `task/${input.task}`,
              data: { epoch: input.epoch, why: input.why },
            },
          ],
        };
      },
    }),
    steal: stealProcedure(gateway),
    ask: askProcedure(gateway),
    answer: answerProcedure(gateway),
    abandon: mutation(gateway, {
      action: 'task:abandon',
      description:
        'Takes a task out of the plan’s work for good, with a reason; its phase no longer waits for it, tasks that need it do.',
      input: z.strictObject({ project, task: name, why: text(2000) }),
      exclusive: true,
      fixed: none,
      moving: (tx, { input }) => lockTask(tx, input.project, input.task),
      decide: ({ input, moving }) => {
        if (moving === undefined) return [reason('task.missing', `task/${input.task}`)];
        return taskAfter(moving.state, 'abandon') === null
          ? [reason('task.state', `task/${input.task}`, { found: moving.state })]
          : [];
      },
      effect: async (tx, _permit, { input }) => {
        setTaskState(tx, input.project, input.task, 'abandoned');
        const events = await advanceReadiness(tx, input.project);
        return {
          answer: { task: input.task, state: 'abandoned' as const },
          events: [
            { type: 'task.abandoned', subject: `task/${input.task}`, data: { why: input.why } },
            ...events,
          ],
        };
      },
    }),
  });
}

/** What a claim answers: the task with the branch to push to, or null and why nothing was taken. */
export interface ClaimAnswer {
  readonly task: Taken | null;
  readonly branch: string | null;
  readonly reasons: readonly Reason[];
}

interface ClaimFacts {
  readonly candidates: readonly Candidate[];
  readonly leaseMs: number;
  readonly wip: { running: number; limit: number | undefined };
  /** Why the task that was asked for by name is no candidate at all. */
  readonly unready: readonly Reason[];
}

/** Which candidates the claimant may take, and why not the others. */
function sort(
  claimant: Parameters<typeof claimReasons>[0],
  { candidates, wip }: ClaimFacts,
): { allowed: Candidate[]; reasons: Reason[] } {
  if (wip.limit !== undefined && wip.running >= wip.limit)
    return {
      allowed: [],
      reasons: [reason('wip.limit', 'tasks in progress', { found: wip.running, limit: wip.limit })],
    };
  const allowed: Candidate[] = [];
  const reasons: Reason[] = [];
  for (const candidate of candidates) {
    const against = claimReasons(claimant, candidate);
    if (against.length === 0) allowed.push(candidate);
    else reasons.push(...against);
  }
  return { allowed, reasons };
}

type ClaimInput = { readonly project: string; readonly task?: string | undefined };

/** Candidates by growing pages, until one page holds a task that the claimant may take or there are no more. */
async function lookFor(tx: Tx, claimant: Claimant, input: ClaimInput): Promise<readonly Candidate[]> {
  const where = { project: input.project, task: input.task ?? claimant.cap.task };
  let found: readonly Candidate[] = [];
  for (const pageMax of pageSizes) {
    found = await readCandidates(tx, where, claimant, pageMax);
    if (found.length < pageMax || found.some((candidate) => claimReasons(claimant, candidate).length === 0))
      return found;
  }
  return found;
}

const unreadyNamed = async (tx: Tx, { project: projectName, task }: ClaimInput): Promise<Reason[]> =>
  task === undefined ? [] : unreadyReasons(tx, projectName, task);

async function takeAnother(
  tx: Tx,
  claimant: Claimant,
  input: ClaimInput,
  facts: ClaimFacts,
): Promise<Taken | undefined> {
  const where = { project: input.project, task: input.task ?? claimant.cap.task };
  const candidates = await readCandidates(tx, where, claimant, pageSizes[1]);
  return takeOne(
    tx,
    input.project,
    claimant,
    sort(claimant, { ...facts, candidates }).allowed,
    facts.leaseMs,
  );
}

const leaseOf = (plan: Plan | undefined, wantedSeconds: number | undefined): number => {
  if (wantedSeconds !== undefined) return wantedSeconds * 1000;
  return plan === undefined ? limits.leaseMsDefault : durationMs(plan.lease);
};

const reviveClaim = (stored: ClaimAnswer): ClaimAnswer =>
  stored.task === null
    ? stored
    : { ...stored, task: { ...stored.task, leaseUntil: new Date(stored.task.leaseUntil) } };

function claimProcedure(gateway: Gateway) {
  return mutation(gateway, {
    action: 'task:claim',
    description:
      'Takes the most urgent task that is ready and that the caller can do, or the one named; answers null with reasons when there is none.',
    input: z.strictObject({
      project,
      task: name.optional(),
      leaseSeconds: z.number().int().min(5).max(3600).optional(),
    }),
    access: ({ task }) => (task === undefined ? {} : { task }),
    fixed: none,
    moving: async (tx, { grant, input, entered }): Promise<ClaimFacts> => {
      const claimant = { agent: grant.sub, gid: grant.gid, cap: grant.cap };
      const first = lookFor(tx, claimant, input);
      first.catch(() => {});
      const plan = await planAt(tx, input.project, (await entered).planHash);
      const limit = plan?.limits.wip;
      const running = limit === undefined ? 0 : await runningCount(tx, input.project);
      const leaseMs = leaseOf(plan, input.leaseSeconds);
      const candidates = await first;
      const unready = candidates.length === 0 ? await unreadyNamed(tx, input) : [];
      return { candidates, leaseMs, wip: { running, limit }, unready };
    },
    foreseen: ({ grant, input, plan }) => {
      if (input.task !== undefined || grant.cap.task !== undefined) return undefined;
      const classes = knownClasses(grant.cap);
      if (classes.allowed.length === 0) return undefined;
      const { wip } = plan.limits;
      return {
        kind: 'claim',
        leaseMs: leaseOf(plan, input.leaseSeconds),
        ...(wip === undefined ? {} : { wip }),
        ...classes,
      };
    },
    revive: reviveClaim,
    decide: ({ grant, input, moving }) => {
      const { allowed, reasons } = sort({ agent: grant.sub, gid: grant.gid, cap: grant.cap }, moving);
      // Naming a task that may not be taken is refused; asking for any and finding none is an answer.
      return input.task !== undefined && allowed.length === 0 ? [...reasons, ...moving.unready] : [];
    },
    effect: async (tx, _permit, { grant, input, moving }): Promise<Effect<ClaimAnswer>> => {
      const claimant = { agent: grant.sub, gid: grant.gid, cap: grant.cap };
      const { allowed, reasons } = sort(claimant, moving);
      // Others may have taken all that the first page showed; then the rest is looked through.
      const taken =
        (await takeOne(tx, input.project, claimant, allowed, moving.leaseMs)) ??
        (allowed.length === 0 ? undefined : await takeAnother(tx, claimant, input, moving));
      if (taken === undefined)
        return {
          answer: {
            task: null,
            branch: null,
            reasons: [...reasons, ...(await unreadyNamed(tx, input))].slice(0, 20),
          },
          events: [],
        };
      const branch = `task/${taken.id}/${taken.epoch}/work`;
      return {
        answer: { task: taken, branch, reasons: [] },
        events: [
          {
            type: 'task.claimed',
            subject: `task/${taken.id}`,
            data: { epoch: taken.epoch, leaseMs: moving.leaseMs },
          },
        ],
      };
    },
  });
}

function stealProcedure(gateway: Gateway) {
  return mutation(gateway, {
    action: 'task:steal',
    description:
      'Moves a task in progress to another holder under the next epoch; the former holder is fenced off at once.',
    input: z.strictObject({ project, task: name, to: principal, why: text(2000) }),
    fixed: none,
    moving: (tx, { input }) => lockTask(tx, input.project, input.task),
    decide: ({ input, moving }) => {
      if (moving === undefined) return [reason('task.missing', `task/${input.task}`)];
      return taskAfter(moving.state, 'steal') === null
        ? [reason('task.state', `task/${input.task}`, { found: moving.state })]
        : [];
    },
    effect: async (tx, _permit, { grant, input, moving }) => {
      const { epoch, leaseUntil } = await stealLease(tx, input.project, input.task, input.to, grant.gid);
      return {
        answer: { task: input.task, epoch, leaseUntil, holder: input.to },
        events: [
          {
            type: 'task.stolen',
            subject: `task/${input.task}`,
            data: { from: moving?.holder, to: input.to, epoch, why: input.why },
          },
        ],
      };
    },
  });
}

function askProcedure(gateway: Gateway) {
  return mutation(gateway, {
    action: 'task:ask',
    description:
      'Asks the people of the project a question about a task; the task cannot be closed until it is answered.',
    input: z.strictObject({ project, task: name, question: text(4000) }),
    access: ({ task }) => ({ task }),
    fixed: none,
    moving: (tx, { input }) => lockTask(tx, input.project, input.task),
    decide: ({ input, moving }) => {
      if (moving === undefined) return [reason('task.missing', `task/${input.task}`)];
      const ended = moving.state === 'done' || moving.state === 'abandoned';
      return ended ? [reason('task.state', `task/${input.task}`, { found: moving.state })] : [];
    },
    effect: async (tx, _permit, { grant, input, entered }) => {
      const id = newId('question');
      await tx.orm.insert(questions).values({
        id,
        project: input.project,
        task: input.task,
        askedBy: grant.sub,
        question: input.question,
        askedAt: entered.now,
      });
      return {
        answer: { question: id },
        events: [
          {
            type: 'question.asked',
            subject: `task/${input.task}`,
            data: { question: id, text: input.question },
          },
        ],
      };
    },
  });
}

function answerProcedure(gateway: Gateway) {
  return mutation(gateway, {
    action: 'task:answer',
    description: 'Answers an open question about a task.',
    input: z.strictObject({ project, task: name, answer: text(4000) }),
    fixed: none,
    moving: (tx, { input }) =>
      tx.orm
        .select()
        .from(questions)
        .where(
          and(eq(questions.project, input.project), eq(questions.task, input.task), isNull(questions.answer)),
        )
        .for('update'),
    decide: ({ input, moving }) =>
      moving.length === 0 ? [reason('task.state', `task/${input.task}`, { found: 'no open question' })] : [],
    effect: async (tx, _permit, { grant, input, entered }) => {
      await tx.orm
        .update(questions)
        .set({ answer: input.answer, answeredBy: grant.sub, answeredAt: entered.now })
        .where(
          and(eq(questions.project, input.project), eq(questions.task, input.task), isNull(questions.answer)),
        );
      return {
        answer: { task: input.task },
        events: [
          { type: 'question.answered', subject: `task/${input.task}`, data: { answer: input.answer } },
        ],
      };
    },
  });
}

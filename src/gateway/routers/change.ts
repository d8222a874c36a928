import { and, desc, eq, or, sql } from 'drizzle-orm';
import { z } from 'zod';
import { type Reason, reason } from '../../lib/decision.ts';
import { fail } from '../../lib/errors.ts';
import { type NamedGate, openGates } from '../../line/gating.ts';
import { newId } from '../../store/ids.ts';
import { statement, type Tx } from '../../store/store.ts';
import { leaseReasons } from '../../tasks/lease.ts';
import { planAt } from '../../tasks/plan-cache.ts';
import { lockTask, type TaskRow } from '../../tasks/rows.ts';
import { changes, gateRuns, verdicts } from '../../tasks/schema.ts';
import { setTaskState } from '../../tasks/transition.ts';
import type { Entered } from '../door/enter.ts';
import type { Gateway } from '../door/gateway.ts';
import { mutation, query, t } from '../door/procedure.ts';
import { previewCommit } from '../git-receive/preview.ts';
import type { Offer } from '../git-service.ts';
import { commitId, id, name, project, text } from './inputs.ts';

const submitInput = z.strictObject({
  project,
  task: name,
  epoch: z.number().int().min(1),
  commit: commitId.optional().describe('The pushed commit that is offered'),
  artefact: text(4000).optional().describe('Where the result lies, for a task that is done by an artefact'),
});

interface SubmitFacts {
  readonly task: TaskRow | undefined;
  readonly gates: readonly NamedGate[];
  readonly openQuestions: number;
}

const openQuestions = statement(
  'questions.open',
  'select count(*)::int as n from questions where project = $1 and task = $2 and answer is null',
);

async function submitFacts(
  tx: Tx,
  input: { project: string; task: string },
  entered: Promise<Entered>,
): Promise<SubmitFacts> {
  const [task, [open], { planHash }] = await Promise.all([
    lockTask(tx, input.project, input.task),
    tx.rows<{ n: number }>(openQuestions, [input.project, input.task]),
    entered,
  ]);
  const plan =
    task === undefined || task.gates.length === 0 ? undefined : await planAt(tx, input.project, planHash);
  const gates = (task?.gates ?? []).flatMap((gateName) => {
    const gate = plan?.gates[gateName];
    return gate === undefined ? [] : [{ name: gateName, gate }];
  });
  return { task, gates, openQuestions: open?.n ?? 0 };
}

const putChange = statement(
  'change.put',
  `insert into changes (id, project, task, epoch, commit_id, base, candidate, tree, state, author, gid, lin, note)
   values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)`,
);

/** An artefact has no tree; its name stands in, so that evidence and verdicts are bound to it. */
const artefactTree = (artefact: string | undefined): string => `artefact:${artefact ?? ''}`;

/** Why what is offered is no change for this task: the wrong kind of result, or a commit that cannot land. */
function offerReasons(task: TaskRow | undefined, offer: Offer, artefact: string | undefined): Reason[] {
  const named = artefact === undefined ? 'nothing' : 'an artefact';
  const given = offer.kind === 'artefact' ? named : 'a commit';
  const wanted = task?.done === 'artefact' ? 'an artefact' : 'a commit';
  if (given === wanted) return commitReasons(offer);
  return [reason('change.empty', `task/${task?.id ?? ''}`, { found: given, limit: wanted })];
}

function commitReasons(offer: Offer): Reason[] {
  if (offer.kind === 'unpushed') return [reason('change.unpushed', offer.commit, { limit: offer.prefix })];
  if (offer.kind === 'empty') return [reason('change.empty', offer.commit)];
  if (offer.kind === 'conflict') return offer.paths.map((path) => reason('change.conflict', path));
  return [];
}

/** Changes: commits offered for landing. */
export function changeRouter(gateway: Gateway) {
  return t.router({
    submit: mutation(gateway, {
      action: 'change:submit',
      description:
        'Offers a pushed commit for landing; the lease ends, gates run on the merge with today’s main.',
      input: submitInput,
      access: ({ task, epoch }) => ({ task, epoch }),
      fixed: ({ git }, input) => git.offer(input),
      foreseen: ({ input, fixed }) =>
        fixed.kind === 'artefact' && input.artefact !== undefined
          ? {
              kind: 'submit',
              task: input.task,
              lease: input.epoch,
              change: newId('change'),
              tree: artefactTree(input.artefact),
              note: input.artefact,
            }
          : undefined,
      moving: (tx, { input, entered }) => submitFacts(tx, input, entered),
      decide: ({ grant, input, fixed, moving, entered }) => [
        ...leaseReasons(moving.task, input.task, { agent: grant.sub, epoch: input.epoch }, entered.now),
        ...offerReasons(moving.task, fixed, input.artefact),
        ...(moving.openQuestions > 0
          ? [reason('task.question', `task/${input.task}`, { found: `${moving.openQuestions} open` })]
          : []),
      ],
      effect: async (tx, _permit, { grant, input, fixed, moving, entered }) => {
        const offered =
          fixed.kind === 'candidate'
            ? fixed
            : { commit: '', base: '', candidate: '', tree: artefactTree(input.artefact) };
        const row = {
          id: newId('change'),
          project: input.project,
          task: input.task,
          epoch: input.epoch,
          commitId: offered.commit,
          base: offered.base,
          candidate: offered.candidate,
          tree: offered.tree,
          state: 'gating' as const,
          author: grant.sub,
          gid: grant.gid,
          lin: [...grant.lin],
          note: input.artefact ?? null,
          createdAt: entered.now,
          stateAt: entered.now,
          rebuilt: 0,
          landedCommit: null,
        };
        const { id: changeId, commitId: offeredCommit, base, candidate, tree, author, gid, lin, note } = row;
        const state = moving.gates.length === 0 ? 'judging' : 'gating';
        tx.later(putChange, [
          changeId,
          input.project,
          input.task,
          input.epoch,
          offeredCommit,
          base,
          candidate,
          tree,
          state,
          author,
          gid,
          lin,
          note,
        ]);
        setTaskState(tx, input.project, input.task, 'gated');
        const data = { task: input.task, epoch: input.epoch, commit: offeredCommit, tree, state };
        openGates(tx, row, moving.gates);
        const submitted = { type: 'change.submitted' as const, subject: `change/${changeId}`, data };
        return {
          answer: {
            change: row.id,
            tree: row.tree,
            candidate: row.candidate,
            gates: moving.gates.map(({ name: gateName }) => gateName),
          },
          events: [submitted],
        };
      },
      after: async ({ git, line }, answer, input) => {
        if (answer.candidate !== '') await git.keepCandidate(input.project, answer.change, answer.candidate);
        if (answer.gates.length > 0) line.wake(input.project);
        return answer;
      },
    }),
    list: query(gateway, {
      action: 'change:read',
      description: 'Lists the changes of a project, the newest first.',
      input: z.strictObject({
        project,
        task: name.optional(),
        state: z.enum(['gating', 'judging', 'approved', 'landing', 'landed', 'refused']).optional(),
        limit: z.number().int().min(1).max(500).default(50),
      }),
      answer: ({ store }, input) => {
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
      description: 'Shows a change with its gates and verdicts.',
      input: z.strictObject({ project, change: id }),
      answer: async ({ store }, input) => {
        const change = await findChange(gateway, input.project, input.change);
        const gates = await store.orm.select().from(gateRuns).where(eq(gateRuns.change, change.id));
        const given = await store.orm.select().from(verdicts).where(eq(verdicts.change, change.id));
        return { ...change, gates, verdicts: given };
      },
    }),
    diff: query(gateway, {
      action: 'change:read',
      description:
        'Shows the patch of a change’s candidate against the main it was built on, within the read scope.',
      input: z.strictObject({ project, change: id }),
      answer: async ({ git }, input, call) => {
        const change = await findChange(gateway, input.project, input.change);
        return {
          change: change.id,
          tree: change.tree,
          ...(await git.patch(input.project, change, call.grant.cap)),
        };
      },
    }),
    check: query(gateway, {
      action: 'change:check',
      description:
        'Dry run: judges a pushed commit as a push would be, and tells whether it merges with today’s main.',
      input: z.strictObject({ project, task: name, epoch: z.number().int().min(1), commit: commitId }),
      answer: async ({ git }, input, call) => {
        const offer = await git.offer(input);
        const reasons = await previewCommit(gateway, input, call.grant);
        return { offer: offer.kind, conflicts: offer.kind === 'conflict' ? offer.paths : [], reasons };
      },
    }),
  });
}

/** A change by its id or the short form of it. Errors: `change.missing`. */
export async function findChange(
  gateway: Gateway,
  projectName: string,
  wanted: string,
): Promise<typeof changes.$inferSelect> {
  const named = or(
    eq(changes.id, wanted),
    sql`left(${changes.id}, 4) || right(${changes.id}, 8) = ${wanted}`,
  );
  const found = await gateway.store.orm
    .select()
    .from(changes)
    .where(and(eq(changes.project, projectName), named))
    .limit(2);
  const [only] = found;
  if (only === undefined || found.length > 1) throw fail('change.missing', wanted);
  return only;
}

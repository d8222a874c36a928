import { and, eq, isNotNull } from 'drizzle-orm';
import { z } from 'zod';
import { allowUnless, type Reason, reason } from '../../lib/decision.ts';
import { AndonError } from '../../lib/errors.ts';
import { compileScope } from '../../lib/glob-match.ts';
import { limits } from '../../lib/limits.ts';
import { protectionIn } from '../../plan/protected-writes.ts';
import type { PushFacts, TreeScope } from '../../policies/facts.ts';
import { frameReasons } from '../../policies/frame.ts';
import { phasePolicy } from '../../policies/phase.ts';
import type { Protection } from '../../policies/protected/protection.ts';
import { isTag, type RefUpdate, refReasons, withoutTags } from '../../policies/refs.ts';
import { treeReasons } from '../../policies/tree.ts';
import { event } from '../../store/log/events.ts';
import { type Session, statement, type Tx } from '../../store/store.ts';
import { notePush } from '../../tasks/attempts.ts';
import { leaseReasons } from '../../tasks/lease.ts';
import { planAt } from '../../tasks/plan-cache.ts';
import { lockTask, type TaskRow } from '../../tasks/rows.ts';
import { phases, tasks } from '../../tasks/schema.ts';
import type { Grant, VerifiedToken } from '../../tiers/capability.ts';
import { profiles } from '../../tiers/profiles.ts';
import { scopeText, writableBy } from '../../tiers/scopes.ts';
import { callOf } from '../admission/admission.ts';
import { admit } from '../admission/admit.ts';
import type { MutationDefinition } from '../admission/definitions.ts';
import type { Gateway } from '../services.ts';

/** git's facts about a push; immutable once the objects are there. */
export interface SeenPush {
  readonly updates: readonly RefUpdate[];
  readonly tips: readonly PushFacts[];
  /** Reasons of the policies that read source, under the bounds of the grant. */
  readonly source: readonly Reason[];
}

/** The lease that a push claims to work under: task and epoch of the first ref of the right form. */
export interface ClaimedRef {
  readonly task: string;
  readonly epoch: number;
}

const refPattern = /^refs\/heads\/task\/([a-z0-9][a-z0-9._-]{0,63})\/(\d{1,9})\//;

/** The task and epoch that a ref names, or undefined for any other ref. */
export function claimedBy(ref: string): ClaimedRef | undefined {
  const [, task, epoch] = refPattern.exec(ref) ?? [];
  return task === undefined ? undefined : { task, epoch: Number(epoch) };
}

interface PushState {
  /** Branches that the pusher may push to: read only for a push that names none of a task. */
  readonly held: readonly string[];
  readonly task: TaskRow | undefined;
  readonly protection: Protection;
  readonly open: readonly string[];
  readonly blobBytesMax: number;
}

const pushInput = z.strictObject({
  project: z.string(),
  task: z.string(),
  epoch: z.number(),
  refs: z.array(z.string()),
  tips: z.array(z.string()),
});
type PushInput = z.infer<typeof pushInput>;

/** Every reason against a push, in the order in which a person wants to read them. Pure. */
function pushReasons(
  grant: Grant,
  claimed: ClaimedRef,
  seen: SeenPush,
  facts: PushState,
  now: Date,
): Reason[] {
  if (claimed.task === '') return elsewhereReasons(seen.updates, facts.held);
  const { task } = facts;
  const prefix = `refs/heads/task/${claimed.task}/${claimed.epoch}/`;
  const granted = grant.cap.refs.some((allowed) => prefix.startsWith(`refs/heads/${allowed}`));
  const scope = treeScope(grant, facts);
  const found = [
    ...refReasons(seen.updates, granted ? [prefix] : []),
    ...leaseReasons(task, claimed.task, { agent: grant.sub, epoch: claimed.epoch }, now),
    ...(task === undefined ? [] : phasePolicy({ cap: grant.cap, phase: task.phase, open: facts.open })),
    ...seen.tips.flatMap((tip) => [
      ...frameReasons(tip, scope),
      ...treeReasons(tip, { blobBytesMax: facts.blobBytesMax }),
    ]),
    ...seen.source,
  ];
  return withoutRepeats(found);
}

/** A push to no branch of a task has one fault, whatever it holds: the reason names the branch that would do. */
function elsewhereReasons(updates: readonly RefUpdate[], held: readonly string[]): Reason[] {
  const [branch] = held;
  const next =
    branch === undefined ? 'claim a task first: andon task claim' : pushOf(`refs/heads/${branch}`, updates);
  const limit = held.join(', ') || 'no branch: this agent holds no task';
  return updates.map(({ ref }) => reason('ref.namespace', ref, { found: ref, limit, next }));
}

const pushOf = (branch: string, updates: readonly RefUpdate[]): string =>
  updates.some(({ ref }) => isTag(ref)) ? withoutTags(branch) : `git push origin HEAD:${branch}`;

function treeScope(grant: Grant, { task, protection }: PushState): TreeScope {
  const writable = writableBy(grant.cap);
  const planned = task === undefined ? () => false : compileScope(task.write, task.deny);
  const words =
    task === undefined ? scopeText(grant.cap.write, grant.cap.deny) : task.write.join(', ') || 'no path';
  return {
    writable: (path) => writable(path) && planned(path),
    protectedBy: protection.against,
    mayDelete: profiles[grant.cap.tier].deletes,
    words,
  };
}

function withoutRepeats(reasons: readonly Reason[]): Reason[] {
  const known = new Set<string>();
  return reasons.filter(({ code, subject }) => {
    const key = `${code} ${subject}`;
    if (known.has(key)) return false;
    known.add(key);
    return true;
  });
}

/** The changing facts of a push, read outside or inside its transaction. */
async function readFacts(
  session: Session,
  task: TaskRow | undefined,
  input: { project: string },
  planHash: string | null,
): Promise<PushState> {
  const open = await session.orm
    .select({ name: phases.name })
    .from(phases)
    .where(and(eq(phases.project, input.project), isNotNull(phases.openedAt)));
  const plan = await planAt(session, input.project, planHash);
  return {
    task,
    held: [],
    open: open.map(({ name }) => name),
    blobBytesMax: plan?.limits.blobBytes ?? limits.blobBytesMax,
    protection: protectionIn(plan, task?.id),
  };
}

const held = statement(
  'push.held',
  `select id, epoch from tasks where project = $1 and holder = $2 and state = 'in_progress' order by lease_until limit 5`,
);

async function heldBranches(tx: Tx, project: string, agent: string): Promise<string[]> {
  const rows = await tx.rows<{ id: string; epoch: number }>(held, [project, agent]);
  return rows.map(({ id, epoch }) => `task/${id}/${epoch}/work`);
}

function definition(
  seen: SeenPush,
): MutationDefinition<'repo:push', PushInput, SeenPush, PushState, undefined, { accepted: number }> {
  return {
    action: 'repo:push',
    description: 'Pushes commits to the branch of a task.',
    input: pushInput,
    access: ({ task, epoch }) => (task === '' ? {} : { task, epoch }),
    prepare: () => seen,
    facts: async (tx, { grant, input, entered }) => ({
      ...(await readFacts(
        tx,
        await lockTask(tx, input.project, input.task),
        input,
        (
          await entered
        ).planHash,
      )),
      held: input.task === '' ? await heldBranches(tx, input.project, grant.sub) : [],
    }),
    decide: ({ grant, input, prepared, facts, entered }) =>
      allowUnless(pushReasons(grant, { task: input.task, epoch: input.epoch }, prepared, facts, entered.now)),
    effect: async (tx, _permit, { grant, input, prepared }) => {
      const commits = prepared.tips.flatMap((tip) => tip.commits.map(({ oid }) => oid));
      const data = {
        epoch: input.epoch,
        refs: input.refs,
        tips: input.tips,
        commits: commits.slice(0, 100),
        count: commits.length,
      };
      noteBranch(tx, grant.sub, input, prepared);
      return {
        answer: { accepted: commits.length },
        events: [event('change.pushed', `task/${input.task}`, data)],
      };
    },
  };
}

/** Notes the branch of the push, from which the next attempt may start. */
function noteBranch(
  tx: Tx,
  agent: string,
  { project, task, epoch }: PushInput,
  { updates, tips }: SeenPush,
): void {
  const ref = updates.findLast(({ kind }) => kind !== 'delete')?.ref;
  const tip = tips.at(-1);
  if (ref === undefined || tip === undefined || task === '') return;
  // The changes of the last commit are those of the whole branch against accepted work.
  const files = tip.commits.at(-1)?.changes.map(({ path }) => path) ?? [];
  const branch = ref.replace(/^refs\/heads\//, '');
  notePush(tx, { project, task, epoch, agent }, { branch, commit: tip.tip, files });
}

/** Admits or refuses a push; answers every reason, none for an accepted push. */
export async function judgePush(
  gateway: Gateway,
  project: string,
  token: VerifiedToken,
  seen: SeenPush,
): Promise<readonly Reason[]> {
  const claimed = seen.updates.map(({ ref }) => claimedBy(ref)).find((one) => one !== undefined) ?? {
    task: '',
    epoch: 0,
  };
  const input = {
    project,
    ...claimed,
    refs: seen.updates.map(({ ref }) => ref),
    tips: seen.tips.map(({ tip }) => tip),
  };
  try {
    await admit(gateway, definition(seen), callOf(token), input);
    return [];
  } catch (error) {
    if (error instanceof AndonError) return error.reasons;
    throw error;
  }
}

/** The same judgement as a dry run: nothing is recorded, and the lease need only hold at this moment. */
export async function previewPush(
  gateway: Gateway,
  input: { project: string; task: string; epoch: number },
  grant: Grant,
  seen: SeenPush,
  planHash: string | null,
): Promise<Reason[]> {
  const [task] = await gateway.store.orm
    .select()
    .from(tasks)
    .where(and(eq(tasks.project, input.project), eq(tasks.id, input.task)));
  const facts = await readFacts(gateway.store, task, input, planHash);
  if (task === undefined) return [reason('task.missing', `task/${input.task}`)];
  return pushReasons(grant, input, seen, facts, new Date(gateway.nowSeconds() * 1000));
}

import { z } from 'zod';
import { type KnownPrincipal, readMakers, readPrincipals, readTriggerOwners } from '../../changes/makers.ts';
import { type Decision, denied, type Reason, reason, reasonsOf } from '../../lib/decision.ts';
import { dutyPolicy } from '../../policies/duty.ts';
import type { Tx } from '../../store/store.ts';
import { type ChangeRow, lockChange } from '../../tasks/rows.ts';
import type { Grant } from '../../tiers/capability.ts';
import { id, project, text } from '../admission/inputs.ts';
import type { ShownTrees } from '../repositories/shown-trees.ts';

/** The input that every judgement of a change has: it names the judged tree, or means the one that was shown last. */
export const judgementInput = {
  project,
  change: id,
  tree: text(5000).optional(),
  ownWork: z.boolean().default(false).describe('A lone human judges work of their own; recorded'),
};

/** The change under judgement, its judge and its makers. */
export interface JudgementFacts {
  readonly change: ChangeRow | undefined;
  readonly judge: KnownPrincipal | undefined;
  readonly makers: readonly KnownPrincipal[];
  readonly triggerOwners: readonly string[];
  /** The tree that the judge was shown last. */
  readonly shown: string | undefined;
}

/** Reads the change under judgement, its judge and its makers. */
export async function readJudgement(
  tx: Tx,
  input: { project: string; change: string },
  grant: Grant,
  shownTrees: ShownTrees,
): Promise<JudgementFacts> {
  const change = await lockChange(tx, input.project, input.change);
  const shown = shownTrees.lastOf(grant.grantId, input.change);
  if (change === undefined) return { change, judge: undefined, makers: [], triggerOwners: [], shown };
  const found = await readMakers(tx, change.project, change.task, change.id);
  const makers = [...new Set([change.gid, ...found])];
  const principals = await readPrincipals(tx, [grant.grantId, ...makers]);
  return {
    change,
    judge: principals.get(grant.grantId),
    makers: makers.flatMap((grantId) => principals.get(grantId) ?? []),
    triggerOwners: await readTriggerOwners(tx, makers),
    shown,
  };
}

interface JudgementCase {
  readonly grant: Grant;
  readonly input: {
    readonly change: string;
    readonly tree?: string | undefined;
    readonly ownWork: boolean;
  };
  readonly facts: JudgementFacts;
}

/**
 * The change that the caller may judge, or every reason against that. `kind` adds the conditions of the kind
 * of judgement. One that vouches for a tree is bound to a tree that the judge has seen; a rejection vouches for
 * nothing, and means the present tree where the judge was shown none.
 */
export function decideJudgement<Decided>(
  { grant, input, facts }: JudgementCase,
  kind: (change: ChangeRow) => Decision<Decided>,
  vouches = true,
): Decision<Decided> {
  const { change } = facts;
  const duty = dutyReasons(facts, grant, input.ownWork);
  if (change === undefined) return denied(reason('change.missing', input.change), ...duty);
  const judged = kind(change);
  const tree = input.tree ?? facts.shown ?? (vouches ? undefined : change.tree);
  const reasons = [...treeReasons(change, tree, grant), ...reasonsOf(judged), ...duty];
  const [first, ...others] = reasons;
  return first === undefined ? judged : denied(first, ...others);
}

/** Reasons why the caller may not judge this change, or not this tree of it. */
function treeReasons(change: ChangeRow, tree: string | undefined, grant: Grant): Reason[] {
  const { task } = grant.cap;
  if (task !== undefined && task !== change.task)
    return [reason('grant.task', `change/${change.id}`, { found: change.task, limit: task })];
  if (change.kind === 'sync' && grant.cap.tier !== 'human')
    return [reason('grant.tier', `change/${change.id}`, { found: grant.cap.tier, limit: 'human' })];
  if (tree === undefined) return [reason('change.unseen', change.id)];
  if (change.tree !== tree) return [reason('change.moved', change.id, { found: tree, limit: change.tree })];
  return [];
}

function dutyReasons(
  { judge, makers, triggerOwners }: JudgementFacts,
  grant: Grant,
  ownWork: boolean,
): Reason[] {
  if (judge === undefined) return [reason('duty.separated', grant.sub, { found: 'a grant without a row' })];
  return dutyPolicy({ judge, makers, triggerOwners, ownWork });
}

import { z } from 'zod';
import { type KnownParty, readMakers, readParties, readTriggerOwners } from '../../changes/makers.ts';
import { type Decision, denied, type Reason, reason, reasonsOf } from '../../lib/decision.ts';
import { dutyPolicy } from '../../policies/duty.ts';
import type { Tx } from '../../store/store.ts';
import { type ChangeRow, lockChange } from '../../tasks/rows.ts';
import type { Grant } from '../../tiers/capability.ts';
import { id, project, text } from '../admission/inputs.ts';

/** The input that every judgement of a change has: it names the tree that was judged. */
export const judgementInput = {
  project,
  change: id,
  tree: text(5000),
  ownWork: z.boolean().default(false).describe('A lone human judges work of their own; recorded'),
};

export interface JudgementFacts {
  readonly change: ChangeRow | undefined;
  readonly judge: KnownParty | undefined;
  readonly makers: readonly KnownParty[];
  readonly triggerOwners: readonly string[];
}

/** The change under judgement, who judges and who made it. */
export async function readJudgement(
  tx: Tx,
  input: { project: string; change: string },
  grant: Grant,
): Promise<JudgementFacts> {
  const change = await lockChange(tx, input.project, input.change);
  if (change === undefined) return { change, judge: undefined, makers: [], triggerOwners: [] };
  const found = await readMakers(tx, change.project, change.task, change.id);
  const makers = [...new Set([change.gid, ...found])];
  const parties = await readParties(tx, [grant.gid, ...makers]);
  return {
    change,
    judge: parties.get(grant.gid),
    makers: makers.flatMap((gid) => parties.get(gid) ?? []),
    triggerOwners: await readTriggerOwners(tx, makers),
  };
}

interface JudgementCase {
  readonly grant: Grant;
  readonly input: { readonly change: string; readonly tree: string; readonly ownWork: boolean };
  readonly facts: JudgementFacts;
}

/** The change that the caller may judge, or every reason against that. `kind` decides what the kind of judgement asks for. */
export function decideJudgement<Decided>(
  { grant, input, facts }: JudgementCase,
  kind: (change: ChangeRow) => Decision<Decided>,
): Decision<Decided> {
  const { change } = facts;
  const duty = dutyReasons(facts, grant, input.ownWork);
  if (change === undefined) return denied(reason('change.missing', input.change), ...duty);
  const judged = kind(change);
  const reasons = [...treeReasons(change, input.tree, grant), ...reasonsOf(judged), ...duty];
  const [first, ...others] = reasons;
  return first === undefined ? judged : denied(first, ...others);
}

/** Reasons why the caller may not judge this change, or not this tree of it. */
function treeReasons(change: ChangeRow, tree: string, grant: Grant): Reason[] {
  const { task } = grant.cap;
  if (task !== undefined && task !== change.task)
    return [reason('grant.task', `change/${change.id}`, { found: change.task, limit: task })];
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

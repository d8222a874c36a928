import { z } from 'zod';
import { beginMerge, followTips, type MergedTips, mergeGates, renewMerge } from '../../changes/merges.ts';
import { openMerge } from '../../changes/open-merge.ts';
import { syncStop } from '../../changes/sync-stop.ts';
import { openSync } from '../../changes/syncs.ts';
import type { UpstreamComparison } from '../../git/upstream.ts';
import { allowed, denied, reason } from '../../lib/decision.ts';
import type { Plan } from '../../plan/plan.ts';
import { pullCord } from '../../stops/rows.ts';
import { statement, type Tx } from '../../store/store.ts';
import { planAt } from '../../tasks/plan-cache.ts';
import { type ChangeRow, readProject } from '../../tasks/rows.ts';
import type { Grant } from '../../tiers/capability.ts';
import type { Effect } from '../admission/definitions.ts';
import { project } from '../admission/inputs.ts';
import { mutation } from '../admission/procedure.ts';
import type { Gateway } from '../services.ts';

/** The open merge of main with the upstream; or that there is nothing to merge. */
export type MergeAnswer =
  | { readonly kind: 'same' | 'ahead' | 'forward'; readonly main: string }
  | {
      /** `open`: it was begun before, and both tips are still the same. */
      readonly kind: 'begun' | 'open' | 'renewed';
      readonly change: string;
      readonly ours: string;
      readonly theirs: string;
      readonly conflicts: readonly string[];
      readonly gates: readonly string[];
      /** Gates that had failed on it, and run anew. */
      readonly failed: readonly string[];
      readonly upstream: string;
    };

interface MergeFacts {
  readonly found: UpstreamComparison | undefined;
  readonly open: ChangeRow | undefined;
  /** The merge as it is now; undefined where nothing is to be merged. */
  readonly merged: MergedTips | undefined;
  readonly failed: readonly string[];
  readonly plan: Plan | undefined;
  readonly isUnderWay: boolean;
}

const failedGates = statement(
  'merges.failedGates',
  `select gate from gate_runs where change = $1 and tree = $2 and status in ('failed', 'void') order by gate`,
);

async function readFailed(tx: Tx, change: ChangeRow | undefined): Promise<string[]> {
  if (change === undefined) return [];
  const rows = await tx.rows<{ gate: string }>(failedGates, [change.id, change.tree]);
  return rows.map(({ gate }) => gate);
}

/**
 * The procedure `project.merge`: opens the merge of main with an upstream that went another way, as a change. Called again it
 * follows tips that have moved, and lets gates that have failed run anew. Of several calls at once one opens it.
 */
export function mergeProcedure(gateway: Gateway) {
  const { git } = gateway;
  return mutation(gateway, {
    action: 'project:sync',
    description:
      'Opens the merge of main with an upstream that went another way, as a change: its gates run, a person approves it, and it lands on both.',
    input: z.strictObject({ project }),
    exclusive: true,
    // The network may take minutes, so the fetch ends before the project is locked.
    prepare: async (input) => {
      const upstream = (await readProject(gateway.store, input.project))?.upstream ?? undefined;
      if (upstream === undefined) return undefined;
      return { upstream, tip: await git.fetchUpstream(input.project, upstream) };
    },
    facts: async (tx, { input, prepared, entered }) =>
      mergeFacts(tx, git, input.project, prepared?.tip, (await entered).planHash),
    decide: ({ input, prepared, facts }) => {
      if (prepared === undefined || facts.found === undefined)
        return denied(
          reason('repo.missing', `${input.project} upstream`, { next: 'andon init --upstream URL' }),
        );
      if (facts.isUnderWay)
        return denied(
          reason('git.busy', input.project, {
            found: 'main is being moved',
            next: 'andon sync --merge again',
          }),
        );
      return allowed({ ...facts, found: facts.found, upstream: prepared.upstream });
    },
    effect: async (tx, { decided }, { input, grant }): Promise<Effect<MergeAnswer>> => {
      const { found, merged, plan } = decided;
      if (found.kind === 'diverged' && merged !== undefined)
        return openOrRenew(tx, { ...decided, merged, words: found.words }, input.project, grant);
      const events = await followTips(tx, git.merges, input.project, found, plan);
      return { answer: { kind: found.kind === 'diverged' ? 'same' : found.kind, main: found.main }, events };
    },
    after: async (answer, input) => {
      if ('change' in answer) await keep(gateway, input.project, answer.change);
      gateway.workers.wake(input.project);
      return answer;
    },
  });
}

async function mergeFacts(
  tx: Tx,
  git: Gateway['git'],
  name: string,
  tip: string | undefined,
  planHash: string | null,
): Promise<MergeFacts> {
  const open = await openMerge(tx, name);
  const found = tip === undefined ? undefined : await git.compareUpstream(name, tip);
  const facts = {
    ...{ found, open, failed: await readFailed(tx, open), plan: await planAt(tx, name, planHash) },
    isUnderWay: (await openSync(tx, name)) !== undefined,
  };
  if (found?.kind !== 'diverged') return { ...facts, merged: undefined };
  const tips = { ours: found.main, theirs: found.tip, resolution: open?.resolution ?? null };
  return { ...facts, merged: await git.merges.mergeTips(name, tips) };
}

interface Diverged extends MergeFacts {
  readonly merged: MergedTips;
  readonly words: string;
  readonly upstream: string;
}

async function openOrRenew(
  tx: Tx,
  { open, merged, failed, plan, upstream, words }: Diverged,
  name: string,
  grant: Grant,
): Promise<Effect<MergeAnswer>> {
  const gates = mergeGates(plan);
  const { ours, theirs, conflicts } = merged;
  const said = { ours, theirs, conflicts, gates: gates.map((one) => one.name), failed, upstream };
  const stops = await pullCord(tx, syncStop(name, words));
  if (open === undefined) {
    const by = { agent: grant.sub, grantId: grant.grantId, lineage: grant.lineage };
    const { change, events } = beginMerge(tx, name, merged, by, gates);
    return { answer: { kind: 'begun', change, ...said }, events: [...events, ...stops] };
  }
  const { id: change } = open;
  const isSame = open.base === ours && open.commitId === theirs;
  if (isSame && failed.length === 0) return { answer: { kind: 'open', change, ...said }, events: stops };
  const why = isSame ? `gates run anew: ${failed.join(', ')}` : 'a tip has moved';
  const renewed = await renewMerge(tx, open, merged, gates, why);
  return { answer: { kind: 'renewed', change, ...said }, events: [...renewed, ...stops] };
}

/** Keeps the commit that the gates check out. */
async function keep({ git, store }: Gateway, name: string, id: string): Promise<void> {
  const change = await openMerge(store, name);
  if (change?.id === id) await git.keepCandidate(name, id, change.candidate);
}

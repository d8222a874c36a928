import type { UpstreamComparison } from '../git/upstream.ts';
import type { Plan } from '../plan/plan.ts';
import { newId } from '../process/new-id.ts';
import { type EmittedEvent, type EventDraft, event } from '../store/log/events.ts';
import { statement, type Tx } from '../store/store.ts';
import type { ChangeRow } from '../tasks/rows.ts';
import { changeMay } from '../tasks/states.ts';
import { moveChange } from '../tasks/transition.ts';
import {
  gateDefinition,
  type NamedGate,
  openGates,
  refuseChange,
  settleGates,
  systemEvent,
} from './gates.ts';
import { mergeTask, openMerge } from './open-merge.ts';
import { commandGates } from './queue/world.ts';

/** The tips of main and of the upstream, and the merge that a person has pushed, if one has. */
export interface Tips {
  readonly ours: string;
  readonly theirs: string;
  readonly resolution: string | null;
}

/** The merge of both tips. With conflicts its tree holds their marks, and is good for reading only. */
export interface MergedTips extends Tips {
  readonly tree: string;
  readonly candidate: string;
  readonly conflicts: readonly string[];
}

/** The operation of a merge on the repository of a project. */
export interface MergePort {
  /** Merges both tips, on top of what a person has resolved before. */
  mergeTips(project: string, tips: Tips): Promise<MergedTips>;
}

/** Whoever begins a merge. */
interface MergeStarter {
  readonly agent: string;
  readonly grantId: string;
  readonly lineage: readonly string[];
}

/** The gates of a merge: every command of the plan. Those that are passed by hand judge the work of a task. */
export const mergeGates = (plan: Plan | undefined): NamedGate[] =>
  commandGates(plan, { gates: Object.keys(plan?.gates ?? {}) });

const put = statement(
  'merges.put',
  `insert into changes (id, project, kind, task, epoch, commit_id, base, candidate, tree, state, author, gid, lin, conflicts)
   values ($1, $2, 'sync', '${mergeTask}', 0, $3, $4, $5, $6, $7, $8, $9, $10, $11)`,
);

/** Opens the merge of two tips as a change, with its gates. The caller holds the project's lock, and found none open. */
export function beginMerge(
  tx: Tx,
  project: string,
  merged: MergedTips,
  by: MergeStarter,
  gates: readonly NamedGate[],
): { readonly change: string; readonly events: readonly EmittedEvent[] } {
  const { ours, theirs, tree, candidate, conflicts } = merged;
  const change = newId('change');
  const state = gates.length === 0 && conflicts.length === 0 ? 'judging' : 'gating';
  const { agent, grantId, lineage } = by;
  const who = [agent, grantId, [...lineage]];
  tx.later(put, [change, project, theirs, ours, candidate, tree, state, ...who, conflicts]);
  if (conflicts.length === 0) openGates(tx, { id: change, project, tree }, gates);
  const names = gates.map(({ name }) => name);
  const data = { ours, theirs, tree, conflicts: conflicts.slice(0, pathsMax), gates: names };
  return { change, events: [event('sync.begun', `change/${change}`, data)] };
}

/** Paths that an event names at most. */
const pathsMax = 100;

const rebase = statement(
  'merges.rebase',
  `update changes set base = $2, commit_id = $3, candidate = $4, tree = $5, conflicts = $6, resolution = $7, rebuilt = rebuilt + 1
   where id = $1`,
);
const dropOthers = statement(
  'merges.dropOthers',
  `delete from gate_runs where change = $1 and status in ('waiting', 'running') and (tree <> $2 or gate <> all($3::text[]))`,
);
// Results stay as evidence about their tree; only the passes of the present gates count for the change.
const detachOthers = statement(
  'merges.detachOthers',
  `update gate_runs set change = null, changes = array[change] where change = $1 and status in ('passed', 'failed', 'void')
     and not (tree = $2 and status = 'passed' and (gate, definition) in (select * from unnest($3::text[], $4::text[])))`,
);

/** Binds an open merge to other tips or to what a person pushed, or lets its gates run anew; it is judged anew where its tree changes. */
export async function renewMerge(
  tx: Tx,
  change: ChangeRow,
  merged: MergedTips,
  gates: readonly NamedGate[],
  why: string,
): Promise<EventDraft[]> {
  if (!changeMay(change, 'rebuild')) return [];
  const { ours: base, theirs: commitId, tree, candidate, conflicts, resolution } = merged;
  await tx.rows(rebase, [change.id, base, commitId, candidate, tree, conflicts, resolution]);
  const state = moveChange(tx, change, 'rebuild');
  const names = conflicts.length > 0 ? [] : gates.map(({ name }) => name);
  const definitions = gates.map(({ gate }) => gateDefinition(gate)).slice(0, names.length);
  await tx.rows(dropOthers, [change.id, tree, names]);
  await tx.rows(detachOthers, [change.id, tree, names, definitions]);
  const after: ChangeRow = {
    ...change,
    ...{ state, base, commitId, candidate, tree, conflicts: [...conflicts], resolution },
  };
  const data = { ours: base, theirs: commitId, tree, conflicts: conflicts.slice(0, pathsMax), why };
  const renewed = systemEvent(change, 'sync.renewed', data);
  if (conflicts.length > 0) return [renewed];
  openGates(tx, after, gates);
  return [renewed, ...(await settleGates(tx, after))];
}

/**
 * Brings an open merge in line with the tips as they are now: of other tips it becomes the merge, and one that is not
 * needed any more ends. The caller holds the project's lock.
 */
export async function followTips(
  tx: Tx,
  git: MergePort,
  project: string,
  found: UpstreamComparison,
  plan: Plan | undefined,
): Promise<EventDraft[]> {
  const change = await openMerge(tx, project);
  if (change === undefined || change.state === 'landing') return [];
  if (found.kind !== 'diverged')
    return refuseChange(tx, change, 'withdraw', 'main and the upstream agree without it');
  if (change.base === found.main && change.commitId === found.tip) return [];
  const { resolution } = change;
  const merged = await git.mergeTips(project, { ours: found.main, theirs: found.tip, resolution });
  const moved = change.base === found.main ? 'the upstream has moved' : 'main has moved';
  return renewMerge(tx, change, merged, mergeGates(plan), moved);
}

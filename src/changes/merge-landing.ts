import type { IncomingCommits, UpstreamComparison } from '../git/upstream.ts';
import type { Plan } from '../plan/plan.ts';
import { newId } from '../process/new-id.ts';
import type { EventDraft } from '../store/log/events.ts';
import { statement, type Tx } from '../store/store.ts';
import { planAt } from '../tasks/plan-cache.ts';
import { type ChangeRow, lockChange } from '../tasks/rows.ts';
import { moveChange } from '../tasks/transition.ts';
import type { GitPort } from './git-port.ts';
import { followTips, type MergePort, mergeGates, renewMerge } from './merges.ts';
import { vouchersOf } from './queue/runs.ts';
import { carryOutSync, intendSync, isMainHeld, openSync, readSync, type SyncPorts } from './syncs.ts';

/** Ports through which a merge of main with the upstream lands. */
export interface MergePorts extends SyncPorts {
  readonly git: SyncPorts['git'] &
    Pick<GitPort, 'fence' | 'landingCommit'> & {
      compareUpstream(project: string, tip: string): Promise<UpstreamComparison>;
      readonly merges: MergePort & {
        incoming(project: string, main: string, tip: string): Promise<IncomingCommits>;
      };
    };
}

/**
 * Lands an approved merge as a landing is: an intent under the project's lock, one fenced move of main, and its end. `tip`
 * is where the upstream is now. Whatever has moved since the merge was approved, a tip or the plan, sends it back to its
 * gates; a red stop holds it. True when main has it.
 */
export async function landMerge(ports: MergePorts, approved: ChangeRow, tip: string): Promise<boolean> {
  const { git, session, systemTransaction } = ports;
  const { project } = approved;
  const fence = await git.fence(project);
  const id = await systemTransaction(project, async (tx, { planHash }) => {
    const change = await lockChange(tx, project, approved.id);
    const isHeld = (await openSync(tx, project)) !== undefined || (await isMainHeld(tx, project));
    if (!isApproved(change) || isHeld) return { result: undefined, events: [] };
    const plan = await planAt(tx, project, planHash);
    const found = await git.compareUpstream(project, tip);
    const moved = await followTips(tx, git.merges, project, found, plan);
    if (moved.length > 0 || found.kind !== 'diverged') return { result: undefined, events: moved };
    const vouchedBy = await vouchersOf(tx, project, change.tree, mergeGates(plan));
    return vouchedBy === undefined
      ? { result: undefined, events: await gateAnew(tx, git.merges, change, plan) }
      : { result: await intendMerge(tx, ports, { change, fence, vouchedBy }), events: [] };
  });
  const row = id === undefined ? undefined : await readSync(session, project, id);
  if (row === undefined) return false;
  await carryOutSync(ports, row);
  return (await readSync(session, project, row.id))?.state === 'done';
}

async function gateAnew(
  tx: Tx,
  git: MergePort,
  change: ChangeRow,
  plan: Plan | undefined,
): Promise<EventDraft[]> {
  const { base: ours, commitId: theirs, resolution } = change;
  const merged = await git.mergeTips(change.project, { ours, theirs, resolution });
  return renewMerge(
    tx,
    change,
    merged,
    mergeGates(plan),
    'a gate of the plan has no pass on its tree any more',
  );
}

const isApproved = (change: ChangeRow | undefined): change is ChangeRow & { readonly state: 'approved' } =>
  change?.state === 'approved';

interface IntendedMerge {
  readonly change: ChangeRow & { readonly state: 'approved' };
  readonly fence: string;
  readonly vouchedBy: readonly string[];
}

/** Writes the commit that main is to be at, and the intent; answers the intent's id. */
async function intendMerge(
  tx: Tx,
  { git }: MergePorts,
  { change, fence, vouchedBy }: IntendedMerge,
): Promise<string> {
  const { project, base: oldMain, commitId: commit, tree, stateAt: at } = change;
  const id = newId('sync');
  const message = messageOf(change, id, await approverOf(tx, change), vouchedBy);
  const newMain = await git.landingCommit(project, { main: oldMain, commit, tree, message, at });
  moveChange(tx, change, 'intend');
  const by = { agent: change.author, grantId: change.gid };
  const move = { id, project, oldMain, newMain, fence, by, settingBy: null };
  const merge = { change: change.id, vouchedBy };
  return intendSync(tx, { ...move, ...(await git.merges.incoming(project, oldMain, commit)), merge });
}

const approver = statement(
  'merges.approver',
  'select by_agent as agent from verdicts where change = $1 and tree = $2 and approve order by at desc limit 1',
);

async function approverOf(tx: Tx, { id, tree }: ChangeRow): Promise<string> {
  const [row] = await tx.rows<{ agent: string }>(approver, [id, tree]);
  return row?.agent ?? '';
}

/** The message of the merge; the trailers name the change, the sync, who made and approved it, and the runs that vouch. */
function messageOf(
  { id, author, tree, commitId }: ChangeRow,
  sync: string,
  approvedBy: string,
  vouchedBy: readonly string[],
): string {
  const vouching = vouchedBy.map((run) => `Andon-Vouched: by ${run} on ${tree.slice(0, 12)}\n`).join('');
  const made = `Andon-Change: ${id}\nAndon-Sync: ${sync}\nAndon-Author: ${author}\nAndon-Approved: by ${approvedBy}\n`;
  return `Merge the upstream at ${commitId.slice(0, 12)}\n\n${made}${vouching}`;
}

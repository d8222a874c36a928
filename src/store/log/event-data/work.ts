import type { GuardLine, Lease, LoggedReason, Nothing, Why } from './shared.ts';

/** Both tips of a merge, its tree, and the first of the paths that conflict. */
export interface TwoTips {
  readonly ours: string;
  readonly theirs: string;
  readonly tree: string;
  readonly conflicts: readonly string[];
}

/** Data of events about projects, plans, phases, tasks and questions. */
export interface WorkData {
  'lease.expired': Lease & { readonly holder: string | null };
  /** Carries a reason when a principal opened the phase. */
  'phase.opened': Nothing | Why;
  'plan.applied': {
    readonly hash: string;
    /** Guards that changed, the weakened ones first; at most so many that a reader takes them in. */
    readonly guards?: readonly GuardLine[];
    /** Further changed guards. */
    readonly guardsLeft?: number;
    readonly added: number;
    /** The first of the added tasks, by their names. */
    readonly addedTasks?: readonly string[];
    readonly changed: number;
    readonly removed: readonly string[];
    /** Triggers that a plan from a file changed. */
    readonly triggers?: { readonly put: readonly string[]; readonly removed: readonly string[] };
    /** The trigger that added a task. */
    readonly trigger?: string;
    /** The number under which the plan is kept. */
    readonly revision?: number;
    readonly reason?: string;
    /** The revision whose text was applied again. */
    readonly reverts?: number;
  };
  'project.created': {
    readonly project: string;
    readonly branch: string;
    readonly main: string;
    readonly upstream: string | null;
  };
  /** `kind` other than `forwarded`: main has not moved. Commits of the upstream are not judged by Andon. */
  'project.synced': {
    readonly kind: string;
    readonly main: string;
    readonly from?: string | undefined;
    readonly sync?: string;
    readonly commits?: number;
    readonly authors?: readonly string[];
    /** The person whose plan lets the project follow by itself; null where a person asked for this sync. */
    readonly settingBy?: string | null;
    readonly judged?: false;
    /** `merged`: the change whose landing it is, the tip of the upstream in it, and the runs that vouch for the tree. */
    readonly change?: string;
    readonly theirs?: string;
    readonly vouchedBy?: readonly string[];
  };
  'question.answered': { readonly answer: string; readonly decidesFor: string | null };
  'question.asked': { readonly question: string; readonly text: string; readonly against: string | null };
  /** The merge of main with the upstream is open as a change. */
  'sync.begun': TwoTips & { readonly gates: readonly string[] };
  /** It is another merge by now, or its gates run anew. */
  'sync.renewed': TwoTips & Why;
  /** Found by `project.sync`, or by the mirror after a landing. */
  'sync.diverged':
    | { readonly kind: string; readonly main: string; readonly reason: LoggedReason }
    | { readonly found: string };
  'task.abandoned': Why & { readonly stranded: readonly string[] };
  'task.claimed': Lease & { readonly leaseMs: number };
  'task.done': { readonly done: string };
  /** `after`: how the attempt before ended; left out when the task is ready for the first time. */
  'task.readied': { readonly after?: string };
  'task.released': Lease & Why & { readonly run?: string };
  'task.renewed': Lease;
  'task.stolen': Lease & Why & { readonly from: string | null; readonly to: string };
}

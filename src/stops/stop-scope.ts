import { type Reason, reason } from '../lib/decision.ts';
import { shortId } from '../lib/ids.ts';
import { plainNamePattern } from '../lib/names.ts';
import type { stopColours } from '../plan/kinds.ts';
import type { Plan } from '../plan/plan.ts';

/** Colour of a stop. */
export type Colour = (typeof stopColours)[number];

/** Cause of a stop: a person or agent with a reason, or an abnormality that Andon itself sees. */
export type StopReason =
  | 'person'
  | 'verdict'
  | 'missing_verdict'
  | 'nothing_done'
  | 'audit'
  | 'hook'
  | 'blocked'
  | 'stranded'
  | 'sync'
  | 'main'
  | 'gate'
  | 'setup'
  | 'pool';

/**
 * Scope of a stop: one task; a task and all tasks that need it; the pool of an agent profile; a project; every project of
 * the gateway.
 */
export type Scope =
  | { readonly kind: 'task' | 'workflow' | 'pool'; readonly value: string }
  | { readonly kind: 'project' | 'all'; readonly value: '' };

/** An open stop, as decisions read it. */
export interface Stop {
  readonly id: string;
  /** `*` for a stop of every project. */
  readonly project: string;
  readonly colour: Colour;
  readonly scope: Scope;
  readonly why: string;
  readonly cause: StopReason;
  readonly pulledBy: string;
  readonly at: Date;
}

/** The intended action, and its task; a spawn may have none. */
export interface About {
  readonly what: 'claim' | 'spawn' | 'landing';
  readonly task?: string | undefined;
  /** The profile of the pool that spawns, if one does. */
  readonly pool?: string | undefined;
  /** The applied plan. Without one, a stop of a workflow holds everything: the needs of tasks are unknown. */
  readonly plan: Pick<Plan, 'tasks'> | undefined;
}

/** The form of a scope in text. */
export const scopePattern = new RegExp(
  `^(?:project|all|(?:task|workflow)/${plainNamePattern.source.replace(/^\^|\$$/g, '')})$`,
);

/** A scope from its text: `project`, `all`, `task/<task>`, `workflow/<task>`; undefined for anything else, such as a pool, which only Andon stops. */
export function parseScope(text: string): Scope | undefined {
  if (text === 'project' || text === 'all') return { kind: text, value: '' };
  const [kind, value = ''] = scopePattern.test(text) ? text.split('/', 2) : [];
  return kind === 'task' || kind === 'workflow' ? { kind, value } : undefined;
}

/** Writes a scope as text, the inverse of `parseScope`. */
export const scopeText = ({ kind, value }: Scope): string => (value === '' ? kind : `${kind}/${value}`);

/**
 * Reasons of the stops against an action, one for each; empty when none holds it. Red holds claims, spawns
 * and landings in its scope. Yellow lets work in progress go on to its next handoff: it holds claims, and
 * spawns for a task. The stop of a pool holds the spawns of that pool alone.
 */
export function stopReasons(stops: readonly Stop[], about: About): Reason[] {
  return stops.filter((stop) => holds(stop, about)).map(stopReason);
}

/** True when the stop holds the action. */
export function holds(stop: Stop, about: About): boolean {
  if (stop.scope.kind === 'pool') return stop.scope.value === about.pool;
  // Main and the upstream have to agree before main moves on.
  if (stop.cause === 'sync' && about.what === 'landing') return true;
  if (!inScope(stop.scope, about.task, about.plan)) return false;
  if (stop.colour === 'red' || about.what === 'claim') return true;
  return about.what === 'spawn' && about.task !== undefined;
}

/** True when the scope holds the task; without a task, when it holds actions without one. */
export function inScope(scope: Scope, task: string | undefined, plan: About['plan']): boolean {
  if (scope.kind === 'project' || scope.kind === 'all') return true;
  if (task === undefined || scope.kind === 'pool') return false;
  if (task === scope.value) return true;
  if (scope.kind === 'task') return false;
  return plan === undefined || workflowOf(plan, scope.value).has(task);
}

// Plans are immutable under their hash, and a claim asks for every candidate.
const known = new WeakMap<Plan['tasks'], Map<string, ReadonlySet<string>>>();

/** The task and every task that needs it, over any number of steps. */
export function workflowOf({ tasks }: Pick<Plan, 'tasks'>, root: string): ReadonlySet<string> {
  const workflows = known.get(tasks) ?? new Map<string, ReadonlySet<string>>();
  known.set(tasks, workflows);
  const found = workflows.get(root) ?? reach(neededBy(tasks), root);
  workflows.set(root, found);
  return found;
}

function neededBy(tasks: Plan['tasks']): Map<string, string[]> {
  const back = new Map<string, string[]>();
  for (const [task, { needs }] of Object.entries(tasks))
    for (const need of needs) {
      const dependents = back.get(need);
      if (dependents === undefined) back.set(need, [task]);
      else dependents.push(task);
    }
  return back;
}

function reach(back: ReadonlyMap<string, readonly string[]>, root: string): Set<string> {
  const found = new Set([root]);
  // A set that grows during a loop over it is walked to its end.
  for (const task of found) for (const dependent of back.get(task) ?? []) found.add(dependent);
  return found;
}

const whyShownMax = 200;

/**
 * The stop as a reason: its colour and scope, cause, the principal that pulled it, the time, and the
 * principals that may clear it.
 */
function stopReason({ id, project, colour, scope, why, pulledBy, at }: Stop): Reason {
  const where = project === '*' ? 'every project' : scopeText(scope);
  const said = why.length > whyShownMax ? `${why.slice(0, whyShownMax)}…` : why;
  const who = clearers(colour, pulledBy);
  return reason('line.stopped', `stop/${shortId(id)}`, {
    found: `${colour} on ${where}, by ${pulledBy} since ${at.toISOString()}: ${said}`,
    next: `wait until ${who} clears it (andon cord clear ${shortId(id)}); andon cord status`,
  });
}

/** The principals that may clear a stop, in words. */
export const clearers = (colour: Colour, pulledBy: string): string =>
  colour === 'red' ? 'a human with its root cause' : `${pulledBy}, an executive or a human`;

import { type Reason, reason } from '../lib/decision.ts';
import { isoOfSeconds } from '../lib/durations.ts';
import { type Action, actions, everybodys, type Tier } from './actions.ts';
import type { Capability, Grant } from './capability.ts';
import { list } from './lattice.ts';
import { readableBy, scopeText, writableBy } from './scopes.ts';

/** The action that a caller asks for. Members that do not concern the action are left out. */
export interface AccessRequest {
  readonly action: Action;
  readonly project: string;
  /** Paths that are written by a mutation, or read out by a query. */
  readonly paths?: readonly string[];
  readonly task?: string;
  /** Lease epoch of the task. */
  readonly epoch?: number;
  readonly phase?: string;
  /** Full name of the ref that is pushed to. */
  readonly ref?: string;
}

/** State that changes while a token lives. */
export interface AccessFacts {
  readonly nowSeconds: number;
  /** Epoch of the project (of `*` for a grant on every project). */
  readonly epoch: number;
  /** The revocation of the grant as a reason; undefined for a grant that holds. */
  readonly revoked: Reason | undefined;
  /** The second at which the token was issued; undefined for a standing grant, which no token speaks for. */
  readonly issuedAtSeconds?: number | undefined;
  /** The second at which the epoch of the requested project was raised last; undefined when it never was. */
  readonly raisedAtSeconds?: number | undefined;
}

/**
 * Decides whether a grant covers a request: every missing right as a reason, none when the request is
 * covered. Pure; verifies no signature. Policies judge the state of plan and tasks.
 */
export function authorise(grant: Grant, request: AccessRequest, facts: AccessFacts): Reason[] {
  const { cap } = grant;
  const found: Reason[] = [];
  lifeReasons(grant, facts, found);
  everyProjectReasons(grant, request, facts, found);
  actionReasons(cap, request, found);
  bindingReasons(cap, request, found);
  branchReasons(cap, request, found);
  pathReasons(cap, request, found);
  return found;
}

function lifeReasons(grant: Grant, facts: AccessFacts, found: Reason[]): void {
  if (facts.revoked !== undefined) found.push(facts.revoked);
  else if (facts.epoch > grant.epoch) {
    found.push(
      reason('token.revoked', grant.grantId, {
        found: `epoch ${grant.epoch}`,
        limit: `epoch ${facts.epoch}`,
      }),
    );
  }
  if (facts.nowSeconds >= grant.exp) {
    found.push(
      reason('token.expired', grant.grantId, {
        found: isoOfSeconds(facts.nowSeconds),
        limit: isoOfSeconds(grant.exp),
      }),
    );
  }
}

/**
 * A token on every project outlives no epoch of a project either: it ends there, and its successor is good again. Its
 * renewal is of no project.
 */
function everyProjectReasons(
  { cap, grantId }: Grant,
  { project, action }: AccessRequest,
  { issuedAtSeconds, raisedAtSeconds }: AccessFacts,
  found: Reason[],
): void {
  if (cap.project !== '*' || action === 'token:renew') return;
  if (issuedAtSeconds === undefined || raisedAtSeconds === undefined) return;
  if (issuedAtSeconds >= raisedAtSeconds) return;
  found.push(
    reason('token.revoked', grantId, {
      found: `issued at ${isoOfSeconds(issuedAtSeconds)}`,
      limit: `the epoch of ${project} was raised at ${isoOfSeconds(raisedAtSeconds)}`,
      next: 'renew it: andon token renew',
    }),
  );
}

function actionReasons(cap: Capability, request: AccessRequest, found: Reason[]): void {
  const { action } = request;
  const tiers: readonly Tier[] = actions[action].tiers;
  if (!tiers.includes(cap.tier))
    found.push(reason('grant.tier', action, { found: cap.tier, limit: list(tiers) }));
  if (!cap.actions.includes(action) && !everybodys.includes(action)) {
    found.push(reason('grant.action', action, { found: cap.role, limit: list(cap.actions) }));
  }
  if (cap.project !== '*' && cap.project !== request.project) {
    found.push(reason('grant.project', request.project, { limit: cap.project }));
  }
}

/**
 * Mutations of these nouns always name a task, so a grant that is bound to one must be told the task. Gates
 * and verdicts name a change; the code that judges them compares the change's task.
 */
const taskNouns = /^(?:task|repo|change):/;

function bindingReasons(cap: Capability, request: AccessRequest, found: Reason[]): void {
  if (cap.task === undefined) return;
  const { action, task } = request;
  const concerned = actions[action].kind === 'mutation' && taskNouns.test(action);
  if (task === undefined ? concerned : task !== cap.task) {
    found.push(reason('grant.task', action, { found: task ?? 'no task', limit: cap.task }));
  } else if (otherEpoch(cap, request, concerned)) {
    const limit = `${cap.task} epoch ${cap.epoch}`;
    found.push(reason('grant.task', action, { found: `epoch ${request.epoch ?? 'none'}`, limit }));
  }
}

function otherEpoch(cap: Capability, request: AccessRequest, concerned: boolean): boolean {
  if (cap.epoch === undefined || cap.epoch === request.epoch) return false;
  return concerned || request.epoch !== undefined;
}

const branches = 'refs/heads/';

function branchReasons(cap: Capability, request: AccessRequest, found: Reason[]): void {
  const { phase, ref } = request;
  if (phase !== undefined && !cap.phases.includes('*') && !cap.phases.includes(phase)) {
    found.push(reason('grant.phase', phase, { limit: list(cap.phases) }));
  }
  if (ref === undefined) return;
  const branch = ref.startsWith(branches) ? ref.slice(branches.length) : '';
  if (!cap.refs.some((prefix) => branch.length > prefix.length && branch.startsWith(prefix))) {
    found.push(reason('ref.namespace', ref, { limit: list(cap.refs.map((prefix) => branches + prefix)) }));
  }
}

function pathReasons(cap: Capability, request: AccessRequest, found: Reason[]): void {
  const { paths } = request;
  if (paths === undefined) return;
  const writes = actions[request.action].kind === 'mutation';
  const inScope = writes ? writableBy(cap) : readableBy(cap);
  for (const path of paths) {
    if (inScope(path)) continue;
    const limit = scopeText(writes ? cap.write : cap.read, cap.deny);
    found.push(reason(writes ? 'scope.write' : 'scope.read', path, { limit }));
  }
}

import { allowed, type Decision, denied, isDenied, reason } from '../../lib/decision.ts';
import { defined } from '../../lib/defined.ts';
import { durationMs, type Plan, type PlanAgent } from '../../plan/plan.ts';
import { newId } from '../../process/new-id.ts';
import { insertRun } from '../../runs/insert.ts';
import type { RunLaunch } from '../../runs/schema.ts';
import { type EventOf, event } from '../../store/log/events.ts';
import type { Tx } from '../../store/store.ts';
import type { Capability } from '../../tiers/capability.ts';
import type { CapabilityRequest } from '../../tiers/capability-schema.ts';
import { endReasons } from '../../tiers/grant-end.ts';
import { claimsToWire } from '../../tiers/wire.ts';
import type { GrantDraft } from '../auth/claims.ts';
import type { Delegator } from '../auth/draft.ts';
import { childCapability, type GrantRow, mintChild, profileOf, withProfile } from '../auth/minting.ts';
import { readBearers } from '../auth/naming.ts';
import { neededMs, waitingSeconds } from './run-grant.ts';

/** A request for a run of a profile of the plan. Members that are left out come from the profile. */
export interface RunRequest {
  readonly project: string;
  readonly profile: string;
  readonly role?: string | undefined;
  readonly model?: string | undefined;
  readonly task?: string | undefined;
  readonly change?: string | undefined;
  readonly mission?: string | undefined;
  readonly maxMs?: number | undefined;
  readonly autoTerminate?: boolean | undefined;
  /** The trigger that asked, if a trigger did. */
  readonly trigger?: string | undefined;
  /** The number of triggers and runs that stand behind this one. */
  readonly depth?: number | undefined;
  readonly attempt?: number | undefined;
  readonly retryOf?: string | undefined;
  readonly delayMs?: number | undefined;
}

/** The spawner of a run: its grant, and the row of the grant, locked. */
export interface Spawner {
  readonly grant: Delegator & { readonly cap: Capability };
  readonly row: GrantRow;
}

/** Facts that the decision about a run reads. */
export interface SpawnFacts {
  readonly plan: Plan | undefined;
  /** Runs of the project that wait or run. */
  readonly alive: number;
  readonly now: Date;
}

/** A run that may be started: its spawner, its profile, and its capability. */
export interface DecidedRun {
  readonly spawner: Spawner;
  readonly request: RunRequest;
  readonly plan: Plan;
  readonly profile: PlanAgent & { readonly adapter: NonNullable<PlanAgent['adapter']> };
  readonly cap: Capability;
}

/** The run as it may be started, or every reason against starting it. Pure. */
export function decideRun(
  spawner: Spawner,
  request: RunRequest,
  { plan, alive, now }: SpawnFacts,
): Decision<DecidedRun> {
  const startable = startableIn(plan, request);
  if (isDenied(startable)) return startable;
  const { profile, plan: applied } = startable.decided;
  const limit = applied.limits.runs;
  const end = now.getTime() + neededMs(timesOf(request, profile));
  const [first, ...others] = [
    ...(alive >= limit ? [reason('run.limit', 'runs', { found: alive, limit })] : []),
    ...endReasons(`agents.${request.profile}`, end, spawner.row.expiresAt),
  ];
  if (first !== undefined) return denied(first, ...others);
  const asked = capabilityRequest(request, applied, profile);
  const child = childCapability(spawner.grant, spawner.row, asked, applied);
  if (isDenied(child)) return child;
  return allowed({ spawner, request, plan: applied, profile, cap: child.decided });
}

/** The profile of a plan that the run can start from, if the run's task exists. */
function startableIn(
  plan: Plan | undefined,
  { profile: wanted, task }: RunRequest,
): Decision<Pick<DecidedRun, 'plan' | 'profile'>> {
  const profile = profileOf(plan, wanted);
  if (plan === undefined || profile === undefined)
    return denied(reason('profile.missing', `agents.${wanted}`, { found: wanted }));
  const { adapter } = profile;
  if (adapter === undefined)
    return denied(reason('profile.adapter', `agents.${wanted}`, { found: 'no adapter' }));
  if (task !== undefined && !Object.hasOwn(plan.tasks, task))
    return denied(reason('task.missing', `task/${task}`));
  return allowed({ plan, profile: { ...profile, adapter } });
}

/** The members that the run names; the others come from profile, role and tier. */
function capabilityRequest(request: RunRequest, plan: Plan, profile: PlanAgent): CapabilityRequest {
  const { project } = request;
  const cap = {
    budget: budgetOf(profile),
    ...defined({ role: request.role }),
    ...(profile.tier === 'implementer' ? boundTo(request.task, plan, profile) : {}),
  };
  return { project, plan: project, ...withProfile({ profile: request.profile, cap }, plan) };
}

function budgetOf({ budget: { tokens, usd, commits, files, lines } }: PlanAgent) {
  const usdMicro = usd === undefined ? undefined : Math.round(usd * 1_000_000);
  return { tokens, commits, files, lines, usdMicro };
}

/** The binding of a run for one task: that task, and the paths of that task only. */
function boundTo(task: string | undefined, plan: Plan, profile: PlanAgent) {
  if (task === undefined) return {};
  const write = plan.tasks[task]?.write;
  return profile.write === undefined && write !== undefined ? { task, write } : { task };
}

/**
 * Writes the intent of a run with its future grant, in the transaction of the spawner. A runner takes the run
 * later.
 */
export async function requestRun(
  tx: Tx,
  decided: DecidedRun,
  facts: { readonly now: Date; readonly epoch: number },
): Promise<{ run: string; agent: string; event: EventOf<'run.requested'> }> {
  const { spawner, request, plan, profile, cap } = decided;
  const { id, agent } = await freeName(tx, request);
  const times = timesOf(request, profile);
  const grantSeconds = waitingSeconds(times, spawner.row.expiresAt, facts.now);
  const { grantId, draft } = await mintFor(tx, decided, { ...facts, agent, grantSeconds });
  const run = {
    ...namedBy(request),
    agent,
    profile: request.profile,
    tier: cap.tier,
    role: cap.role,
    adapter: profile.adapter,
    model: request.model ?? profile.model ?? plan.models[profile.tier],
  };
  const launch = launchOf(request, profile, draft);
  await insertRun(tx, {
    ...run,
    id,
    project: request.project,
    mission: request.mission ?? null,
    launch,
    gid: grantId,
    spawner: spawner.grant.sub,
    spawnerGid: spawner.grant.grantId,
    ...times,
    leaseMs: durationMs(plan.lease),
  });
  const data = { ...run, grant: grantId, depth: launch.depth };
  return { run: id, agent, event: event('run.requested', `run/${id}`, data) };
}

/**
 * An id for the run, and a name without a bearer: a name has fewer letters than an id, and other names may be
 * given by hand.
 */
async function freeName(tx: Tx, { project, profile }: RunRequest): Promise<{ id: string; agent: string }> {
  for (;;) {
    const id = newId('run');
    const agent = `agent:${profile.slice(0, 50)}-${id.slice(-6)}`;
    if ((await readBearers(tx, project, agent)).length === 0) return { id, agent };
  }
}

const launchOf = (request: RunRequest, profile: PlanAgent, draft: GrantDraft): RunLaunch => ({
  profile: { ...profile, autoTerminate: request.autoTerminate ?? profile.autoTerminate },
  claims: claimsToWire(draft),
  depth: request.depth ?? 0,
});

const timesOf = ({ maxMs, delayMs = 0 }: RunRequest, { maxDuration }: PlanAgent) => ({
  maxMs: maxMs ?? durationMs(maxDuration),
  delayMs,
});

const namedBy = (request: RunRequest) => ({
  task: request.task ?? null,
  change: request.change ?? null,
  trigger: request.trigger ?? null,
  attempt: request.attempt ?? 1,
  retryOf: request.retryOf ?? null,
});

function mintFor(
  tx: Tx,
  { spawner, request: { profile, role }, cap }: DecidedRun,
  facts: {
    readonly now: Date;
    readonly epoch: number;
    readonly agent: string;
    readonly grantSeconds: number;
  },
) {
  // A role that the caller chose is not fixed by the plan; see fixedProfile.
  const chosen = defined({ role });
  const { agent, grantSeconds } = facts;
  // The tokens of the run go to the runner that takes it, and never to the spawner.
  const mint = { agent, profile, cap: chosen, grantSeconds, seen: false };
  return mintChild(tx, spawner, mint, cap, facts);
}

import { type GrantRow, lockGrant } from '../../gateway/auth/minting.ts';
import { decideRun, type RunRequest, requestRun } from '../../gateway/runs/request-run.ts';
import { type Reason, reason } from '../../lib/decision.ts';
import { durationMs } from '../../lib/durations.ts';
import { aliveCount } from '../../line/run/rows.ts';
import { newId } from '../../store/ids.ts';
import { unreadyReasons } from '../../tasks/unready.ts';
import type { Firing, TriggerActionPort } from '../ports.ts';

interface SpawnFacts {
  readonly row: GrantRow | undefined;
  readonly alive: number;
  readonly unready: readonly Reason[];
}

/** Asks for a run, inside the bounds of the owner's grant, in the transaction of the fire; a runner takes it. */
export const spawn: TriggerActionPort<SpawnFacts> = {
  needs: 'agent:spawn',
  facts: async (tx, firing) => {
    const task = taskOf(firing);
    return {
      row: await lockGrant(tx, firing.grant.gid),
      alive: await aliveCount(tx, firing.row.project),
      unready: task === undefined ? [] : await unreadyReasons(tx, firing.row.project, task),
    };
  },
  reasons: (firing, { row, alive, unready }) => {
    const { grant, plan, action, now } = firing;
    if (row === undefined) return [reason('grant.missing', grant.gid)];
    const decided = decideRun({ grant, row }, requestOf(firing), { plan, alive, now });
    const isBuilder = plan?.agents[action.spawn ?? '']?.tier === 'implementer';
    return [...(decided.reasons ?? []), ...(isBuilder ? unready : [])];
  },
  make: async (tx, firing, { row, alive }) => {
    const { grant, plan, now, epoch } = firing;
    if (row === undefined || plan === undefined) throw new Error('spawned without a grant or a plan');
    const request = requestOf(firing);
    const { cap } = decideRun({ grant, row }, request, { plan, alive, now });
    if (cap === undefined) throw new Error('spawned without a capability');
    const { run, event } = await requestRun(tx, { grant, row }, request, cap, { now, epoch, plan });
    const { name, project, ownerGid: gid } = firing.row;
    const requested = { id: newId('event'), project, actor: `trigger:${name}`, gid, ...event };
    return { made: `run/${run}`, events: [requested] };
  },
};

/** The task of a run: the one that is named, that of the event, or that whose deadline comes. */
function taskOf({ action, cause }: Firing): string | undefined {
  if (action.for !== undefined && action.for !== 'event') return action.for;
  return action.for === 'event' || cause.step !== undefined ? cause.task : undefined;
}

function requestOf(firing: Firing): RunRequest {
  const { row, action, cause } = firing;
  const { spawn: profile = '', role, model, mission, maxDuration, autoTerminate } = action;
  return {
    project: row.project,
    profile,
    role,
    model,
    mission: mission ?? missionOf(firing),
    autoTerminate,
    maxMs: maxDuration === undefined ? undefined : durationMs(maxDuration),
    task: taskOf(firing),
    trigger: row.id,
    depth: cause.causes.length + 1,
  };
}

/** What a run is told that has no mission of its own: why it was started. */
const missionOf = ({ row, slot, cause }: Firing): string =>
  cause.event === undefined
    ? `You were started by the trigger ${row.name} for ${slot}.`
    : `You were started by the trigger ${row.name} because of ${JSON.stringify(cause.event).slice(0, 4000)}`;

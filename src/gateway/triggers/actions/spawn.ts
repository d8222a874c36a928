import { denied, type Reason, reason, unlessAlso } from '../../../lib/decision.ts';
import { durationMs } from '../../../lib/durations.ts';
import { aliveCount } from '../../../runs/rows.ts';
import { draftOf } from '../../../store/log/events.ts';
import { unreadyReasons } from '../../../tasks/unready.ts';
import { type GrantRow, lockGrant } from '../../auth/minting.ts';
import { decideRun, type RunRequest, requestRun } from '../../runs/request-run.ts';
import { actionPort, type Firing, type FiringOf } from '../ports.ts';

interface OwnerFacts {
  readonly row: GrantRow | undefined;
  readonly alive: number;
  readonly unready: readonly Reason[];
}

/** Requests a run, within the bounds of the owner's grant, in the transaction of the fire; a runner takes it. */
export const spawn = actionPort('spawn', {
  needs: 'agent:spawn',
  facts: async (tx, firing): Promise<OwnerFacts> => {
    const task = taskOf(firing);
    return {
      row: await lockGrant(tx, firing.grant.grantId),
      alive: await aliveCount(tx, firing.row.project),
      unready: task === undefined ? [] : await unreadyReasons(tx, firing.row.project, task),
    };
  },
  decide: (firing, { row, alive, unready }) => {
    const { grant, plan, action, now } = firing;
    if (row === undefined) return denied(reason('grant.missing', grant.grantId));
    const decision = decideRun({ grant, row }, requestOf(firing), { plan, alive, now });
    const isBuilder = plan?.agents[action.profile]?.tier === 'implementer';
    return unlessAlso(decision, isBuilder ? unready : []);
  },
  make: async (tx, { now, epoch, row }, decided) => {
    const { run, event } = await requestRun(tx, decided, { now, epoch });
    const { name, project, ownerGid: gid } = row;
    const requested = draftOf({ project, actor: `trigger:${name}`, gid }, event);
    return { made: `run/${run}`, events: [requested] };
  },
});

/** The task of a run: the named one, that of the event, or the one whose deadline comes. */
function taskOf({ action, cause }: FiringOf<'spawn'>): string | undefined {
  if (action.for !== undefined && action.for !== 'event') return action.for;
  return action.for === 'event' || cause.step !== undefined ? cause.task : undefined;
}

/**
 * The change that a validator is started to judge: that of the event, or the one that its pool found. The run then has to
 * give its verdict on that change.
 */
const changeOf = (firing: FiringOf<'spawn'>): string | undefined =>
  firing.cause.change ?? changeOfEvent(firing);

function changeOfEvent({ action, cause, plan }: FiringOf<'spawn'>): string | undefined {
  if (action.for !== 'event' || plan?.agents[action.profile]?.tier !== 'validator') return undefined;
  return /^change\/(chg_\w+)$/.exec(cause.event?.subject ?? '')?.[1];
}

function requestOf(firing: FiringOf<'spawn'>): RunRequest {
  const { row, action, cause } = firing;
  const { profile, role, model, mission, maxDuration, autoTerminate } = action;
  return {
    project: row.project,
    profile,
    role,
    model,
    mission: mission ?? missionOf(firing),
    autoTerminate,
    maxMs: maxDuration === undefined ? undefined : durationMs(maxDuration),
    task: taskOf(firing),
    change: changeOf(firing),
    trigger: row.id,
    depth: cause.causes.length + 1,
  };
}

/** The mission of a run without one of its own: the reason of its start. */
function missionOf({ row, slot, cause }: Firing): string {
  if (row.kind === 'pool') return 'You were started by the pool of your profile.';
  return cause.event === undefined
    ? `You were started by the trigger ${row.name} for ${slot}.`
    : `You were started by the trigger ${row.name} because of ${JSON.stringify(cause.event).slice(0, 4000)}`;
}

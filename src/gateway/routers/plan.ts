import { z } from 'zod';
import { type Reason, reason } from '../../lib/decision.ts';
import { AndonError, fail } from '../../lib/errors.ts';
import { settleStranded } from '../../line/stranded.ts';
import type { EventDraft } from '../../store/events.ts';
import { newId } from '../../store/ids.ts';
import { statement } from '../../store/store.ts';
import type { Plan } from '../../tasks/plan.ts';
import { readPlan, storedTasks, writePlan } from '../../tasks/plan-apply.ts';
import { checkPlan } from '../../tasks/plan-check.ts';
import {
  diffPlan,
  isEmptyDiff,
  type PlanDiff,
  planHash,
  type StoredTask,
  withMadeTasks,
} from '../../tasks/plan-diff.ts';
import { humanOnly } from '../../tasks/plan-human.ts';
import { parsePlan } from '../../tasks/plan-text.ts';
import { advanceReadiness } from '../../tasks/readiness.ts';
import { readProject } from '../../tasks/rows.ts';
import {
  diffTriggers,
  listTriggers,
  syncTriggers,
  type TriggerDiff,
  type TriggerRow,
} from '../../tasks/trigger-rows.ts';
import { lockGrant } from '../auth/minting.ts';
import type { Gateway } from '../door/gateway.ts';
import { mutation, query, t } from '../door/procedure.ts';
import { triggerEndReasons } from '../runs/run-grant.ts';
import { project, text } from './inputs.ts';

const planText = text(1024 * 1024);

/** Parses and checks a plan for `project`; every fault at once. */
function soundPlan(source: string, projectName: string): Plan {
  const plan = parsePlan(source);
  const [first, ...rest] = checkPlan(plan);
  if (first !== undefined) throw new AndonError([first, ...rest]);
  if (plan.project !== projectName)
    throw fail('plan.reference', 'project', { found: plan.project, limit: projectName });
  return plan;
}

/** What a difference looks like from outside. */
const shown = (diff: PlanDiff, triggers: TriggerDiff) => ({
  added: diff.added.map(({ id }) => id),
  changed: diff.changed.map(({ after, members }) => ({ task: after.id, members })),
  removed: diff.removed,
  phases: diff.phases,
  triggers: { put: triggers.put.map(([name]) => name), removed: triggers.removed },
  reasons: [...diff.reasons, ...takenNames(triggers)],
});

const takenNames = ({ taken }: TriggerDiff): Reason[] =>
  taken.map((name) => reason('trigger.exists', `trigger/${name}`, { found: 'created by a call' }));

interface PlanFacts {
  /** When the grant of the caller ends, who owns the triggers from then on. */
  readonly end: Date | undefined;
  readonly stored: StoredTask[];
  readonly before: Plan | undefined;
  readonly rows: TriggerRow[];
}

/** What applying a plan comes to: with the tasks that triggers have added to the one before. */
function compared(given: Plan, { stored, before, rows }: Omit<PlanFacts, 'end'>) {
  const plan = withMadeTasks(given, before, stored);
  return { plan, diff: diffPlan(plan, stored, before), triggers: diffTriggers(plan.triggers, rows) };
}

/** The plan: what is to be done, in which order, under which limits. */
export function planRouter(gateway: Gateway) {
  return t.router({
    show: query(gateway, {
      action: 'plan:read',
      description: 'Shows the applied plan of a project.',
      input: z.strictObject({ project }),
      answer: async ({ store }, input) => {
        const row = await readProject(store, input.project);
        return { revision: row?.planRevision ?? 0, hash: row?.planHash ?? null, plan: row?.plan ?? null };
      },
    }),
    diff: query(gateway, {
      action: 'plan:read',
      description: 'Shows what applying a plan would change, and what would hold it back.',
      input: z.strictObject({ project, text: planText }),
      answer: async ({ store }, input) => {
        const stored = await storedTasks(store, input.project);
        const before = await readPlan(store, input.project);
        const plan = withMadeTasks(soundPlan(input.text, input.project), before, stored);
        return shown(
          diffPlan(plan, stored, before),
          diffTriggers(plan.triggers, await listTriggers(store, input.project)),
        );
      },
    }),
    // tRPC reserves the name apply.
    put: putProcedure(gateway),
  });
}

function putProcedure(gateway: Gateway) {
  return mutation(gateway, {
    action: 'plan:apply',
    description: 'Applies a plan. Applying the same plan again changes nothing.',
    input: z.strictObject({ project, text: planText }),
    exclusive: true,
    fixed: async (_gateway, input) => soundPlan(input.text, input.project),
    moving: async (tx, { input, grant }): Promise<PlanFacts> => ({
      end: (await lockGrant(tx, grant.gid))?.expiresAt,
      stored: await storedTasks(tx, input.project),
      before: await readPlan(tx, input.project),
      rows: await listTriggers(tx, input.project),
    }),
    decide: ({ grant, fixed, moving, entered: { now } }) => {
      const { diff, triggers, plan } = compared(fixed, moving);
      return [
        ...diff.reasons,
        ...takenNames(triggers),
        ...triggers.put.flatMap(([name, trigger]) => [
          ...gateway.triggers.faults(name, trigger),
          ...triggerEndReasons(name, trigger, plan, { end: moving.end, now }),
        ]),
        ...(grant.cap.tier === 'human'
          ? []
          : humanOnly(moving.before, plan).map((member) =>
              reason('grant.tier', `plan/${member}`, { found: grant.cap.tier, limit: 'human' }),
            )),
      ];
    },
    effect: async (tx, _permit, { grant, input, fixed, moving, entered }) => {
      const { diff, triggers, plan } = compared(fixed, moving);
      const unchanged = isEmptyDiff(diff) && entered.planHash === planHash(plan);
      const answer = { applied: !unchanged, ...shown(diff, triggers) };
      if (unchanged) return { answer, events: [] as EventDraft[] };
      await writePlan(tx, input.project, plan, diff);
      const owner = { owner: grant.sub, gid: grant.gid, epoch: grant.ep };
      await syncTriggers(tx, input.project, triggers, { by: owner, now: entered.now, rows: moving.rows });
      const events = await advanceReadiness(tx, input.project);
      const settled = await settleStranded(tx, input.project);
      const data = {
        hash: planHash(plan),
        added: diff.added.length,
        changed: diff.changed.length,
        removed: diff.removed,
        triggers: answer.triggers,
      };
      return {
        answer,
        events: [
          { type: 'plan.applied' as const, subject: `plan/${input.project}`, data },
          ...events,
          ...settled.events,
        ],
      };
    },
  });
}

const advance = statement(
  'phase.advance',
  `update phases set opened_at = coalesce(opened_at, andon_now()) where project = $1 and name = $2 returning opened_at as "openedAt"`,
);
const listPhases = statement(
  'phase.list',
  `select p.name, p.position, p.opened_at as "openedAt", count(t.id)::int as tasks, count(t.id) filter (where t.state = 'done')::int as done
   from phases p left join tasks t on t.project = p.project and t.phase = p.name where p.project = $1 group by 1, 2, 3 order by 2`,
);

export interface PhaseRow {
  name: string;
  position: number;
  openedAt: Date | null;
  tasks: number;
  done: number;
}

/** Phases: opened by the work before them, or by a person. */
export function phaseRouter(gateway: Gateway) {
  return t.router({
    list: query(gateway, {
      action: 'plan:read',
      description: 'Lists the phases of a project, in order, with how much of each is done.',
      input: z.strictObject({ project }),
      answer: ({ store }, input) => store.rows<PhaseRow>(listPhases, [input.project]),
    }),
    advance: mutation(gateway, {
      action: 'phase:advance',
      description: 'Opens a phase before the one before it has ended.',
      input: z.strictObject({ project, phase: text(64), why: text(2000) }),
      exclusive: true,
      fixed: async () => undefined,
      moving: (tx, { input }) => tx.rows<PhaseRow>(listPhases, [input.project]),
      decide: ({ input, moving }) =>
        moving.some(({ name }) => name === input.phase)
          ? []
          : [reason('plan.reference', `phase/${input.phase}`, { found: input.phase })],
      effect: async (tx, _permit, { grant, input }) => {
        await tx.rows(advance, [input.project, input.phase]);
        const opened: EventDraft = {
          id: newId('event'),
          project: input.project,
          type: 'phase.opened',
          actor: grant.sub,
          gid: grant.gid,
          action: 'phase:advance',
          subject: `phase/${input.phase}`,
          data: { why: input.why },
        };
        return {
          answer: { phase: input.phase },
          events: [opened, ...(await advanceReadiness(tx, input.project))],
        };
      },
    }),
  });
}

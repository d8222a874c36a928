import { type Reason, reason } from '../lib/decision.ts';
import { escapes } from '../lib/glob-search.ts';
import { globFault } from '../lib/globs.ts';
import { protectionOf } from '../policies/protected/protection.ts';
import { findCycle } from './graph.ts';
import type { Plan, PlanGate, PlanTask } from './plan.ts';
import { checkPools } from './pools.ts';
import { checkProfiles } from './profile-check.ts';
import { badUnprotect, openWrites } from './protected-writes.ts';
import { checkTriggers } from './trigger-check.ts';

/** Every fault of a plan beyond its shape: references, cycles, tasks that no grant could complete. */
export function checkPlan(plan: Plan): Reason[] {
  const found = [...repeatedPhases(plan), ...badGlobs(plan), ...openSetups(plan), ...checkProfiles(plan)];
  found.push(...checkPools(plan));
  for (const [id, task] of Object.entries(plan.tasks)) found.push(...badReferences(plan, id, task));
  found.push(...checkTriggers(plan));
  if (found.length > 0) return found.slice(0, reasonsMax);
  const cycle = findCycle(new Map(Object.entries(plan.tasks).map(([id, task]) => [id, task.needs])));
  if (cycle !== undefined)
    return [reason('plan.cycle', pathText(cycle), { found: `${cycle.length - 1} tasks` })];
  return Object.entries(plan.tasks)
    .flatMap(([id, task]) => impossible(plan, id, task))
    .slice(0, reasonsMax);
}

const reasonsMax = 50;
const shownMax = 40;

/** A path as text; of a very long path the beginning and the end. */
function pathText(path: readonly string[]): string {
  const half = shownMax / 2;
  const shown = path.length <= shownMax ? path : [...path.slice(0, half), '…', ...path.slice(-half)];
  return shown.join(' -> ');
}

function repeatedPhases(plan: Plan): Reason[] {
  const repeated = plan.phases.filter((phase, index) => plan.phases.indexOf(phase) !== index);
  return repeated.map((phase) => reason('plan.invalid', `phases.${phase}`, { found: 'named twice' }));
}

/** Files of set-ups that anybody with a scope around them could alter: what a set-up makes, every gate trusts. */
function openSetups(plan: Plan): Reason[] {
  const protection = protectionOf({
    protect: plan.protect.filter((glob) => globFault(glob) === undefined),
    unprotect: [],
  });
  return Object.entries(plan.gates).flatMap(([gate, one]) =>
    ('run' in one ? (one.setup?.from ?? []) : [])
      .filter((path) => protection.against(path) === undefined)
      .map((path) =>
        reason('plan.invalid', `gates.${gate}.setup.from: ${path}`, {
          found: 'a file that is not protected',
          limit: 'protected files',
          next: 'add it to `protect`, or leave it out: a set-up reads only what agents cannot alter',
        }),
      ),
  );
}

function badGlobs(plan: Plan): Reason[] {
  const lists: [string, readonly string[]][] = [['protect', plan.protect]];
  for (const [id, task] of Object.entries(plan.tasks))
    lists.push([`tasks.${id}.write`, task.write], [`tasks.${id}.deny`, task.deny]);
  for (const [id, agent] of Object.entries(plan.agents))
    lists.push([`agents.${id}.write`, agent.write ?? []]);
  return lists.flatMap(([place, globs]) => globs.flatMap((glob) => badGlob(place, glob)));
}

function badGlob(place: string, glob: string): Reason[] {
  const fault = globFault(glob);
  return fault === undefined ? [] : [reason('plan.invalid', `${place}: ${glob}`, { found: fault })];
}

function badReferences(plan: Plan, id: string, task: PlanTask): Reason[] {
  const unknown = (member: string, names: readonly string[], known: (name: string) => boolean): Reason[] =>
    names
      .filter((name) => !known(name))
      .map((name) => reason('plan.reference', `tasks.${id}.${member}`, { found: name }));
  return [
    ...unknown('phase', [task.phase], (name) => plan.phases.includes(name)),
    ...unknown('needs', task.needs, (name) => Object.hasOwn(plan.tasks, name)),
    ...unknown('gates', task.gates, (name) => Object.hasOwn(plan.gates, name)),
    ...unknown('progress.tests', countedBy(task), (name) => isCommand(plan.gates[name])),
    ...badUnprotect(plan, id, task),
  ];
}

const countedBy = ({ progress }: PlanTask): string[] =>
  typeof progress === 'object' && 'tests' in progress ? [progress.tests] : [];

const isCommand = (gate: PlanGate | undefined): boolean => gate !== undefined && 'run' in gate;

/** Reasons why no grant that the plan allows could complete the task. */
function impossible(plan: Plan, id: string, task: PlanTask): Reason[] {
  const found: Reason[] = [];
  const place = `tasks.${id}`;
  const open = openWrites(plan, id, task);
  if ((task.done ?? plan.done) !== 'artefact' && nothingWritable(open, task.deny)) {
    found.push(
      reason('plan.impossible', place, {
        found: 'no writable path is left',
        next: 'give the task a `write` scope, or name the protected file or its tool under `unprotect`',
      }),
    );
  }
  const own = plan.phases.indexOf(task.phase);
  for (const needed of task.needs) {
    const phase = plan.tasks[needed]?.phase ?? task.phase;
    if (plan.phases.indexOf(phase) > own) {
      found.push(
        reason('plan.impossible', place, {
          found: `needs ${needed} of the later phase ${phase}`,
          limit: task.phase,
          next: 'move one of the two tasks to another phase',
        }),
      );
    }
  }
  found.push(...withoutMaker(plan, place, { ...task, write: open }));
  return found;
}

const nothingWritable = (write: readonly string[], denied: readonly string[]): boolean =>
  escapes(write, denied, [], []) === undefined;

/**
 * Reasons why no implementer profile of the plan could claim the task; none for a plan without such profiles,
 * which leaves the work to people.
 */
function withoutMaker(plan: Plan, place: string, task: PlanTask): Reason[] {
  const builders = Object.values(plan.agents).filter(({ tier }) => tier === 'implementer');
  if (builders.length === 0) return [];
  const skilled = builders.filter(({ skills }) => task.requires.every((skill) => skills.includes(skill)));
  if (skilled.length === 0) {
    return [
      reason('plan.impossible', place, {
        found: `requires ${task.requires.join(', ')}`,
        limit: 'skills of the implementer profiles',
        next: 'give one profile under `agents` these skills',
      }),
    ];
  }
  const witnesses = skilled.map(({ write }) =>
    write === undefined ? undefined : escapes(task.write, task.deny, write, []),
  );
  if (witnesses.includes(undefined)) return [];
  return [
    reason('plan.impossible', place, {
      found: `may write ${witnesses[0] ?? ''}`,
      limit: '`write` of the implementer profiles with its skills',
      next: 'widen the profile or narrow the task',
    }),
  ];
}

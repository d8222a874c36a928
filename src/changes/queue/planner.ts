import type { Part, QueueStep, QueueWorld } from './queue.ts';
import {
  failedGate,
  gatesOf,
  grow,
  idsOf,
  isKnown,
  isRunning,
  openGates,
  stackOf,
  type Trial,
} from './stack.ts';

/** Verdict on a main by itself: before it is at fault, it gets as many runs as a change. */
function mainState({ evidence, retry }: QueueWorld, main: string, gate: string): 'passes' | 'fails' | 'open' {
  const { passes, fails } = evidence.tally({ main, changes: [] }, gate);
  if (passes > 0) return 'passes';
  return fails > retry ? 'fails' : 'open';
}

const mainTrial = (main: string, gate: string): Trial => ({
  tree: { main, changes: [] },
  members: [],
  gates: [gate],
});

function brokenMain(world: QueueWorld): QueueStep | undefined {
  const { queue, main, brokenGates } = world;
  const gate = [...gatesOf(queue), ...queue.flatMap(({ part }) => part?.gate ?? [])].find(
    (one) => !brokenGates.includes(one) && mainState(world, main, one) === 'fails',
  );
  return gate === undefined ? undefined : { do: 'mainFails', gate, main };
}

/** A change that still needs another may only conflict because that one is missing. */
function conflictWithMain({ queue, main, evidence }: QueueWorld): QueueStep | undefined {
  const found = queue
    .filter(({ id }) => evidence.build({ main, changes: [id] }) === 'conflict')
    .find(({ needs }) => !queue.some(({ id }) => needs.includes(id)));
  return found && { do: 'conflict', change: found.id, tree: { main, changes: [found.id] } };
}

/** The gate that failed goes first. One that main fails tells nothing of members whose tasks do not name it. */
function trialOn(world: QueueWorld, main: string, part: Part): Trial {
  const rest = world.queue.filter((one) => one.part?.id === part.id).map((one) => ({ ...one, strikes: 0 }));
  const { trial } = grow(world, { main, changes: [] }, rest, rest.length);
  const { gate } = part;
  if (gate === undefined) return { ...trial, part };
  const isTelling = trial.gates.includes(gate) || mainState(world, main, gate) !== 'fails';
  return { ...trial, part, gates: isTelling ? [...new Set([gate, ...trial.gates])] : trial.gates };
}

/** A part that has begun on its main stays there: where changes land often, it would else begin anew for ever. */
function trialOf(world: QueueWorld, part: Part): Trial {
  const begun = trialOn(world, part.main, part);
  return isKnown(world, begun) ? begun : trialOn(world, world.main, part);
}

/** A step that is due, or a failure to be narrowed down, or the trials that a part waits for. */
interface PartFinding {
  readonly step?: QueueStep;
  readonly cut?: Trial;
  readonly trials?: readonly Trial[];
}

/** One change by itself is at fault when it failed often enough on a main that passes. */
function blame(world: QueueWorld, trial: Trial, gate: string): PartFinding {
  const { tree, members } = trial;
  const ofMain = mainState(world, tree.main, gate);
  if (ofMain === 'fails') return {};
  const retried = { ...trial, gates: [gate] };
  const isLast = world.evidence.tally(tree, gate).fails > world.retry;
  if (ofMain === 'open') return { trials: [mainTrial(tree.main, gate), ...(isLast ? [] : [retried])] };
  return isLast
    ? { step: { do: 'refuse', change: idsOf(members).join(), gate, tree } }
    : { trials: [retried] };
}

function judge(world: QueueWorld, trial: Trial): PartFinding {
  const { tree, members } = trial;
  const gate = failedGate(world, trial);
  if (gate === undefined && openGates(world, trial).length > 0) return { trials: [trial] };
  const isExcused = tree.main !== world.main && mainState(world, tree.main, gate ?? '') === 'fails';
  if (gate === undefined || isExcused) {
    return { step: { do: 'clear', changes: idsOf(members), main: tree.main } };
  }
  return members.length > 1 ? { cut: trial } : blame(world, trial, gate);
}

/** Cuts into as many parts as slots would else be idle, and into two at least. */
function stepAside(world: QueueWorld, trial: Trial, idle: number): QueueStep {
  const { members, part } = trial;
  const count = Math.min(members.length, Math.max(2, idle));
  const at = (n: number): number => Math.round((n * members.length) / count);
  const parts = Array.from({ length: count }, (_, n) => idsOf(members.slice(at(n), at(n + 1))));
  return { do: 'stepAside', parts, gate: failedGate(world, trial), strikes: part === undefined ? 1 : 0 };
}

/** Runs under way go on. The first boundary and the parts are worth more than the boundaries behind. */
function wish(world: QueueWorld, parts: readonly Trial[], boundaries: readonly Trial[]): QueueStep {
  const probes = world.brokenGates
    .filter((gate) => mainState(world, world.main, gate) === 'open')
    .map((gate) => mainTrial(world.main, gate));
  const all = [...probes, ...boundaries.slice(0, 1), ...parts, ...boundaries.slice(1)];
  const ranked = [...all.filter((one) => isRunning(world, one)), ...all];
  const unique = new Map(ranked.map((one) => [JSON.stringify([one.tree, one.gates]), one]));
  const chosen = [...unique.values()].slice(0, world.slots);
  const stale = chosen.find(({ part, tree }) => part !== undefined && part.main !== tree.main);
  if (stale) return { do: 'stepAside', parts: [idsOf(stale.members)], gate: stale.part?.gate, strikes: 0 };
  const wishes = chosen.flatMap((one) => openGates(world, one).map((gate) => ({ tree: one.tree, gate })));
  return { do: 'run', wishes };
}

/** Lands the first boundary, or narrows a failure down, or else wishes for runs. */
function stackStep(world: QueueWorld, findings: readonly PartFinding[]): QueueStep {
  const isOpen = (one: Trial): boolean => openGates(world, one).length > 0;
  const { boundaries, failed } = stackOf(world, world.queue);
  const [first] = boundaries;
  if (first && !isOpen(first)) return { do: 'land', changes: idsOf(first.members), tree: first.tree };
  const others = world.queue.filter((one) => !failed?.members.includes(one));
  const open = (failed ? stackOf(world, others).boundaries : boundaries).filter(isOpen);
  const trials = findings.flatMap((one) => one.trials ?? []);
  const cut = failed ?? findings.find((one) => one.cut)?.cut;
  return cut ? stepAside(world, cut, world.slots - open.length - trials.length) : wish(world, trials, open);
}

/**
 * Answers what the queue needs next, the same for the same world. Changes are stacked in boundaries, each tested on top
 * of the one before; those of a failed boundary step aside, and are tested in parts while the stack goes on.
 */
export function planQueue(world: QueueWorld): QueueStep {
  const parts = new Map(world.queue.flatMap(({ part }) => (part === undefined ? [] : [[part.id, part]])));
  const trials = [...parts.values()].map((part) => trialOf(world, part));
  const findings = trials.filter(({ members }) => members.length > 0).map((trial) => judge(world, trial));
  const due = brokenMain(world) ?? conflictWithMain(world) ?? findings.find(({ step }) => step)?.step;
  return due ?? stackStep(world, findings);
}

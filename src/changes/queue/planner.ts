import type { Part, QueueStep, QueueWorld } from './queue.ts';
import { gatesOf, grow, idsOf, stackOf, type Trial, trialOf } from './stack.ts';

/** Verdict on a main by itself: before it is at fault, it gets as many runs as a change. */
function mainState({ evidence, retry }: QueueWorld, main: string, gate: string): 'passes' | 'fails' | 'open' {
  const { passes, fails } = evidence.tally({ main, changes: [] }, gate);
  if (passes > 0) return 'passes';
  return fails > retry ? 'fails' : 'open';
}

function brokenMain(world: QueueWorld): QueueStep | undefined {
  const { queue, main, brokenGates, suspectGates } = world;
  const asked = [...gatesOf(queue), ...queue.flatMap(({ part }) => part?.gate ?? []), ...suspectGates];
  const gate = asked.find((one) => !brokenGates.includes(one) && mainState(world, main, one) === 'fails');
  return gate === undefined ? undefined : { do: 'mainFails', gate, main };
}

/** A change that still needs another may only conflict because that one is missing. */
function conflictWithMain({ queue, main, evidence }: QueueWorld): QueueStep | undefined {
  const conflict = queue
    .filter(({ id }) => evidence.build({ main, changes: [id] }) === 'conflict')
    .find(({ needs }) => !queue.some(({ id }) => needs.includes(id)));
  return conflict && { do: 'conflict', change: conflict.id, tree: { main, changes: [conflict.id] } };
}

const inPart = ({ queue }: QueueWorld, { id }: Part) => queue.filter(({ part }) => part?.id === id);

/** The gate that failed goes first. One that main fails tells nothing of members whose tasks do not name it. */
function partOn(world: QueueWorld, main: string, part: Part): Trial {
  const { tree, members } = grow(world, { main, changes: [] }, inPart(world, part), world.batch).trial;
  const own = gatesOf(members);
  const { gate = '' } = part;
  const isTelling = own.includes(gate) || (gate !== '' && mainState(world, main, gate) !== 'fails');
  return { ...trialOf(world, tree, members, isTelling ? [...new Set([gate, ...own])] : own), part };
}

/** A part that has begun on its main stays there: where changes land often, it would else begin anew for ever. */
function trialOfPart(world: QueueWorld, part: Part): Trial {
  const begun = partOn(world, part.main, part);
  return begun.members.length > 0 && begun.isKnown ? begun : partOn(world, world.main, part);
}

/** A step that is due, or else the trials that a part waits for. */
type PartAnswer = QueueStep | readonly Trial[];

/** One change by itself is at fault when it failed often enough on a main that passes. */
function blame(world: QueueWorld, trial: Trial, gate: string): PartAnswer {
  const { tree, members } = trial;
  const main = { main: tree.main, changes: [] };
  const state = mainState(world, tree.main, gate);
  if (state === 'fails') return [];
  const isLast = world.evidence.tally(tree, gate).fails > world.retry;
  if (isLast && state === 'passes') return { do: 'refuse', change: idsOf(members).join(), gate, tree };
  const ofMain = state === 'open' ? [trialOf(world, main, [], [gate])] : [];
  return isLast ? ofMain : [...ofMain, trial];
}

/** Cuts into as many parts as there are slots beside that of the first boundary, and into two at least. */
function stepAside(world: QueueWorld, { members, failed: gate, part }: Trial): QueueStep {
  const whole = [...new Set([...members, ...(part === undefined ? [] : inPart(world, part))])];
  const count = Math.min(whole.length, Math.max(2, world.slots - 1));
  const at = (n: number): number => Math.round((n * whole.length) / count);
  const parts = Array.from({ length: count }, (_, n) => idsOf(whole.slice(at(n), at(n + 1))));
  return { do: 'stepAside', parts, gate, strikes: part === undefined ? 1 : 0 };
}

function judge(world: QueueWorld, part: Part): PartAnswer {
  const trial = trialOfPart(world, part);
  const { tree, members, open, failed } = trial;
  if (members.length === 0) return [];
  const clear: QueueStep = { do: 'clear', changes: idsOf(members), main: tree.main };
  if (failed === undefined) return open.length > 0 ? [trial] : clear;
  if (tree.main !== world.main && mainState(world, tree.main, failed) === 'fails') return clear;
  return inPart(world, part).length > 1 ? stepAside(world, trial) : blame(world, trial, failed);
}

/** Runs under way go on. The first boundary and the parts are worth more than the boundaries behind. */
function wish(world: QueueWorld, parts: readonly Trial[], boundaries: readonly Trial[]): QueueStep {
  const { queue, main, brokenGates, suspectGates, slots } = world;
  const probes = [...new Set([...brokenGates, ...suspectGates])]
    .filter((gate) => mainState(world, main, gate) === 'open')
    .map((gate) => trialOf(world, { main, changes: [] }, [], [gate]));
  const all: Trial[] = [...probes, ...boundaries.slice(0, 1), ...parts, ...boundaries.slice(1)];
  const open = all.filter((one) => one.open.length > 0);
  const ranked = [...open.filter((one) => one.isRunning), ...open];
  const chosen = [...new Map(ranked.map((one) => [JSON.stringify([one.tree, one.open]), one])).values()];
  chosen.splice(slots);
  const stale = chosen.find(({ part, tree }) => part !== undefined && part.main !== tree.main);
  if (stale) return { do: 'stepAside', parts: [idsOf(stale.members)], gate: stale.part?.gate, strikes: 0 };
  const wishes = chosen.flatMap(({ tree, open }) => open.map((gate) => ({ tree, gate })));
  const last = boundaries.findLast((one) => one.open.length === 0 || chosen.includes(one))?.tree.changes;
  const head = idsOf(queue).slice(0, queue.findLastIndex(({ id }) => last?.includes(id)) + 1);
  return { do: 'run', wishes, head };
}

/** The step that is due of each part, or else the trials that it waits for. */
function judgeParts(world: QueueWorld): PartAnswer[] {
  const parts = new Map(world.queue.flatMap(({ part }) => (part === undefined ? [] : [[part.id, part]])));
  return [...parts.values()].map((part) => judge(world, part));
}

const trialsOf = (answers: readonly PartAnswer[]): Trial[] =>
  answers.flatMap((answer) => ('do' in answer ? [] : answer));

/** The runs that go on behind a boundary that is about to land: landing takes time, and slots are not idle meanwhile. */
export const wishBehind = (world: QueueWorld): QueueStep =>
  wish(world, trialsOf(judgeParts(world)), stackOf(world).boundaries);

/**
 * Answers what the queue needs next, the same for the same world. Changes are stacked in boundaries, each tested on top
 * of the one before; those of a failed boundary step aside, and are tested in parts while the stack goes on.
 */
export function planQueue(world: QueueWorld): QueueStep {
  const answers = judgeParts(world);
  const due = answers.find((answer): answer is QueueStep => 'do' in answer);
  const first = brokenMain(world) ?? conflictWithMain(world) ?? due;
  if (first) return first;
  const { boundaries, failed } = stackOf(world);
  if (failed) return stepAside(world, failed);
  const [next] = boundaries;
  if (next?.open.length === 0) return { do: 'land', changes: idsOf(next.members), tree: next.tree };
  return wish(world, trialsOf(answers), boundaries);
}

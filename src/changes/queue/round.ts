import { clearOwn } from '../../stops/rows.ts';
import type { EventDraft } from '../../store/log/events.ts';
import type { Tx } from '../../store/store.ts';
import { gateDefinition } from '../gates.ts';
import { type LandingPorts, land } from '../landing.ts';
import { rebind, refuseConflict } from '../landing-rows.ts';
import type { QueueEntry } from './entries.ts';
import { placeHead } from './places.ts';
import { planQueue, wishBehind } from './planner.ts';
import type { QueueStep, StepOf, TreeName } from './queue.ts';
import { type BuiltWish, isAsWished, readUnfinished, resultsOf, syncRuns, vouchersOf } from './runs.ts';
import { clearPart, refuseBad, stepAside, tellMainFails } from './steps.ts';
import { buildTree, carryTrees, type NewPatch, nameKey, queueRefOf } from './trees.ts';
import { commandGates, type QueueNow, type QueueReading, readBrokenMain, readQueue } from './world.ts';

/** Ports of a round of the queue. */
export interface QueuePorts extends LandingPorts, QueueReading {}

/**
 * The outcome of one step: `rest` when runs are under way or there is nothing to do, `again` to ask the planner anew, `begun`
 * when runs wait for slots while a landing is due.
 */
export type RoundOutcome =
  | { readonly is: 'rest' | 'again' | 'rebuilt' | 'runs' | 'begun' }
  | { readonly is: 'landed'; readonly changes: readonly string[] };

const again: RoundOutcome = { is: 'again' };

/** Makes one step of a project's landing queue: asks the planner, and carries out its answer. */
export async function queueRound(ports: QueuePorts, project: string): Promise<RoundOutcome> {
  const now = await readQueue(ports, project);
  if (now === undefined) return dropRuns(ports, project);
  if (await clearMended(ports, project, now)) return again;
  const step = planQueue(now.world);
  return carryOut({ ports, project, now }, step);
}

interface Round {
  readonly ports: QueuePorts;
  readonly project: string;
  readonly now: QueueNow;
}

type Steps = {
  readonly [Kind in QueueStep['do']]: (round: Round, step: StepOf<Kind>) => Promise<RoundOutcome>;
};

const steps: Steps = {
  run: keepRuns,
  land: landAll,
  refuse: (round, step) => {
    const tree = round.now.trees.get(nameKey(step.tree))?.tree ?? '';
    return refused(round, step.change, (tx, entry) => refuseBad(tx, entry, step, tree));
  },
  conflict: (round, step) => {
    const { conflicts = [] } = round.now.trees.get(nameKey(step.tree)) ?? {};
    return refused(round, step.change, (tx, entry) => refuseConflict(tx, entry, conflicts));
  },
  stepAside: async (round, step) => {
    const { project, now, ports } = round;
    await moved(round, (tx) => stepAside(tx, project, now.world.main, step, (id) => entryOf(round, id)));
    ports.at?.('stepped-aside');
    return again;
  },
  clear: (round, step) =>
    moved(round, (tx) => clearPart(tx, round.project, step, (id) => entryOf(round, id))),
  mainFails: (round, step) => moved(round, (tx) => tellMainFails(tx, round.project, step)),
};

const carryOut = (round: Round, step: QueueStep): Promise<RoundOutcome> =>
  (steps[step.do] as (round: Round, step: QueueStep) => Promise<RoundOutcome>)(round, step);

function entryOf({ now }: Round, id: string): QueueEntry {
  const entry = now.entries.get(id);
  if (entry === undefined) throw new Error(`the planner named ${id}, which is not in the queue`);
  return entry;
}

async function moved(
  { ports, project }: Round,
  work: (tx: Tx) => Promise<readonly EventDraft[]>,
): Promise<RoundOutcome> {
  await ports.systemTransaction(project, async (tx) => ({ result: undefined, events: await work(tx) }));
  return again;
}

/** Refuses a change, of which the queue then keeps no tree. */
async function refused(
  round: Round,
  change: string,
  work: (tx: Tx, entry: QueueEntry) => Promise<readonly EventDraft[]>,
): Promise<RoundOutcome> {
  await moved(round, (tx) => work(tx, entryOf(round, change)));
  await round.ports.git.dropCandidate(round.project, queueRefOf(change));
  return again;
}

/** Builds the trees of the wishes, and makes the runs of the queue those that are wished. */
async function keepRuns(round: Round, { wishes, head }: StepOf<'run'>): Promise<RoundOutcome> {
  const { ports, project, now } = round;
  const before = now.trees.size;
  const built = new Map<string, BuiltWish>();
  for (const wish of wishes) {
    const outcome = await buildTree({ ...ports, project, ...now }, wish.tree);
    if (outcome.is === 'newPatch') return bindAnew(round, outcome.patch);
    if (outcome.is === 'conflict') return again;
    const gate = now.plan?.gates[wish.gate];
    if (gate === undefined) continue;
    const { tree, candidate } = outcome.tree;
    const named = { name: wish.gate, gate };
    const results = resultsOf(now.tallyOf(tree, named));
    const definition = gateDefinition(gate);
    built.set(`${tree} ${wish.gate}`, { wish, tree, candidate, definition, gate: named, results });
  }
  ports.at?.('built');
  // A tree that came out of another name may have its evidence already.
  if (now.trees.size > before) return again;
  return setRuns(ports, project, [...built.values()], { head, entries: now.entries });
}

/** The head of the queue that is under test, and the entries as they are under so far. */
interface HeadUnderTest {
  readonly head: readonly string[];
  readonly entries: ReadonlyMap<string, QueueEntry>;
}

const isHead = ({ head, entries }: HeadUnderTest): boolean =>
  [...entries.values()].every(({ id, headPlace }) => (headPlace ?? -1) === head.indexOf(id));

async function setRuns(
  { session, systemTransaction }: QueuePorts,
  project: string,
  wishes: readonly BuiltWish[],
  under: HeadUnderTest | undefined,
): Promise<RoundOutcome> {
  const isCurrent = under === undefined || isHead(under);
  if (isCurrent && isAsWished(await readUnfinished(session, project), wishes)) return { is: 'rest' };
  await systemTransaction(project, async (tx) => {
    await syncRuns(tx, project, wishes);
    if (!isCurrent) placeHead(tx, project, under.head);
    return { result: undefined, events: [] };
  });
  return { is: 'runs' };
}

const dropRuns = (ports: QueuePorts, project: string): Promise<RoundOutcome> =>
  setRuns(ports, project, [], undefined);

/** Sends a change whose patch is another one on the present main back to its gates and its judge. */
async function bindAnew(round: Round, { entry, base, tree, candidate }: NewPatch): Promise<RoundOutcome> {
  const { ports, project, now } = round;
  await ports.git.keepCandidate(project, entry.id, candidate);
  const gates = entry.gates.flatMap((name) => {
    const gate = now.plan?.gates[name];
    return gate === undefined ? [] : [{ name, gate }];
  });
  await moved(round, (tx) => rebind(tx, entry, { base, tree, candidate }, gates));
  return { is: 'rebuilt' };
}

/** Begins the runs behind a boundary that is due to land; `rest` when they are as they are wished. */
async function beginBehind(round: Round): Promise<RoundOutcome> {
  const step = wishBehind(round.now.world);
  const outcome: RoundOutcome = step.do === 'run' ? await keepRuns(round, step) : { is: 'rest' };
  return outcome.is === 'runs' ? { is: 'begun' } : outcome;
}

async function landAll(round: Round, { changes, tree }: StepOf<'land'>): Promise<RoundOutcome> {
  const { ports, project, now } = round;
  const begun = await beginBehind(round);
  if (begun.is !== 'rest') return begun;
  const outcome = await buildTree({ ...ports, project, ...now }, tree);
  if (outcome.is === 'newPatch') return bindAnew(round, outcome.patch);
  if (outcome.is === 'conflict') return again;
  const members = changes.map((id, index) => ({
    entry: entryOf(round, id),
    tree: prefixTree(now, tree, index + 1),
  }));
  const gates = new Map(
    members.flatMap(({ entry }) => commandGates(now.plan, entry).map((one) => [one.name, one])),
  );
  const vouchedBy = await vouchersOf(ports.session, project, outcome.tree.tree, [...gates.values()]);
  if (vouchedBy === undefined) throw new Error(`no run vouches for ${outcome.tree.tree}`);
  const { planHash, world } = now;
  const swap = { project, main: world.main, members, tree: outcome.tree.tree, vouchedBy, planHash };
  // Another gateway is landing, or something came to hold a change in between: the next tick looks again.
  const landed = await land(ports, swap);
  if (landed === undefined) return { is: 'rest' };
  await carryTrees(ports.session, project, { from: world.main, main: landed, changes });
  for (const id of changes) {
    await ports.git.dropCandidate(project, id);
    await ports.git.dropCandidate(project, queueRefOf(id));
  }
  return { is: 'landed', changes };
}

function prefixTree(now: QueueNow, { main, changes }: TreeName, length: number): string {
  const tree = now.trees.get(nameKey({ main, changes: changes.slice(0, length) }))?.tree;
  if (tree == null) throw new Error('a tree of the boundary was not built');
  return tree;
}

/** Clears the stop about a main that failed a gate, once a main passes it. */
async function clearMended(ports: QueuePorts, project: string, { plan, world, trees, tallyOf }: QueueNow) {
  if (world.brokenGates.length === 0) return false;
  const broken = await readBrokenMain(ports.session, project);
  if (broken === undefined) return false;
  const gate = plan?.gates[broken.gate];
  const tree = trees.get(nameKey({ main: world.main, changes: [] }))?.tree;
  const isMended =
    gate === undefined || (tree != null && tallyOf(tree, { name: broken.gate, gate }).passes > 0);
  if (!isMended) return false;
  await ports.systemTransaction(project, async (tx) => ({
    result: undefined,
    events: await clearOwn(tx, project, 'main', `main passes gate ${broken.gate}`),
  }));
  return true;
}

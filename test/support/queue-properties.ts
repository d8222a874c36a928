import { isDeepStrictEqual } from 'node:util';
import type { QueueStep, QueueWorld, TreeName, WishedRun } from '../../src/changes/queue/queue.ts';
import { type Planner, QueueSimulation } from './queue-simulator.ts';
import { found, type SimulatedWorld } from './queue-trees.ts';
import { fails, on, type StepOf, WishWatch } from './queue-wish-properties.ts';
import { isFlawless } from './queue-worlds.ts';

function frozen<Value>(value: Value): Value {
  if (typeof value === 'object' && value !== null) for (const one of Object.values(value)) frozen(one);
  return Object.freeze(value);
}

/** Watches one world for what must hold in every one, and names each breach by its property. */
class Watch {
  readonly breaches: string[] = [];
  readonly #simulation: QueueSimulation;
  readonly #isFlawless: boolean;
  readonly #told = new Set<string>();
  readonly #wishes: WishWatch;

  constructor(simulation: QueueSimulation) {
    this.#simulation = simulation;
    this.#isFlawless = isFlawless(simulation.world);
    this.#wishes = new WishWatch(simulation, (...one) => this.#must(...one));
  }

  step(step: QueueStep, world: QueueWorld): void {
    // Frozen, so that a planner which changes its world, or the evidence, fails.
    const { evidence, ...rest } = world;
    const again = this.#simulation.plan({ ...frozen(structuredClone(rest)), evidence });
    this.#must(isDeepStrictEqual(again, step), 'P8 the same world has the same answer', step);
    switch (step.do) {
      case 'land':
        this.#land(step, world);
        break;
      case 'refuse':
        this.#refuse(step, world);
        break;
      case 'conflict':
        this.#conflict(step, world);
        break;
      case 'stepAside':
        this.#stepAside(step, world);
        break;
      case 'clear':
        this.#clear(step, world);
        break;
      case 'mainFails':
        this.#mainFails(step, world);
        break;
      case 'run':
        this.#wishes.run(step, world);
        break;
    }
  }

  /** After the last event. */
  end(): void {
    const { rows, trees, main, world } = this.#simulation;
    const stops = world.flakes > 0 ? this.#simulation.queueWorld().brokenGates : [];
    for (const { change, state } of rows.values()) {
      const isDone = ['landed', 'refused', 'conflict'].includes(state);
      const isWaiting = change.needs.some((need) => found(rows, need).state !== 'landed');
      // A main that failed for no reason waits for a person, too.
      const isMainBroken = change.gates.some((gate) => stops.includes(gate) || !trees.passes(on(main), gate));
      this.#must(isDone || isWaiting || isMainBroken, 'P10 every change lands or is refused', change.id);
      if (this.#isFlawless) this.#must(state === 'landed', 'P10 a world without a flaw lands all', change.id);
    }
  }

  started(): void {
    const { runs, world } = this.#simulation;
    const active = runs.filter((run) => !run.isCancelled);
    this.#must(active.length <= world.slots, 'P11 slots are never exceeded', active.length);
  }

  ended({ changes }: TreeName, outcome: string): void {
    if (outcome === 'pass') this.#wishes.passed(changes);
  }

  cancelled({ tree: { main, changes }, gate }: WishedRun): void {
    const { world, rows, trees, main: present } = this.#simulation;
    // A boundary whose run died without a result is forgotten, and what was stacked behind it too.
    const isQuiet = world.holds.length + world.deaths === 0 && world.moves.length === 1;
    this.#must(!isQuiet || !this.#isFlawless, 'R2 a tree under test is kept', changes);
    const members = changes.map((id) => found(rows, id));
    const [part] = members.map((row) => row.part);
    const isOfPart = [...rows.values()].every(
      (row) => (row.state === 'queued' && row.part?.id === part?.id) === members.includes(row),
    );
    const isAtFault = trees.tally(on(main), gate).fails > world.retry;
    const isOld = part?.main === main && main !== present && !isAtFault && world.holds.length === 0;
    this.#must(!isOfPart || !isOld, 'R5 a part stays on the main where it has begun', changes);
  }

  #land({ changes, tree }: StepOf<'land'>, { main, batch, queue, evidence }: QueueWorld): void {
    const members = changes.map((id) => queue.find((one) => one.id === id));
    const gates = [...new Set(members.flatMap((one) => one?.gates ?? []))];
    const isProven = gates.every((gate) => evidence.tally(tree, gate).passes > 0);
    this.#must(isProven, 'P1 every gate of every member passed on the tree', tree);
    this.#must(isDeepStrictEqual(tree, on(main, ...changes)), 'P1 the tree is stacked on main', tree);
    this.#must(changes.length > 0 && changes.length <= batch, 'P2 at most `batch` changes a run', changes);
    const caps = members.map((one) => (one?.alone ? 1 : batch / 2 ** Math.max(0, (one?.strikes ?? 0) - 1)));
    this.#must(changes.length <= Math.max(1, Math.min(...caps)), 'R7 the cap is kept', changes);
    for (const [at, id] of changes.entries()) {
      const { change, state } = found(this.#simulation.rows, id);
      this.#must(this.#simulation.isEligible(id), 'P3 nothing that is held lands', id);
      const isFirst = change.needs.every((need) => this.#isLanded(need) || changes.indexOf(need, 0) < at);
      const isHere = change.needs.every((need) => this.#isLanded(need) || changes.includes(need));
      this.#must(isFirst && isHere, 'P4 needs land first, or earlier in the same swap', id);
      this.#must(state === 'queued' && members[at]?.part === undefined, 'P5 a change lands once', id);
    }
    const first = queue.slice(0, changes.length).map(({ id }) => id);
    if (this.#isFlawless) this.#must(isDeepStrictEqual(first, changes), 'P13 landings are in order', changes);
  }

  #refuse({ change, gate, tree }: StepOf<'refuse'>, { queue, retry, evidence }: QueueWorld): void {
    const { passes, fails } = evidence.tally(tree, gate);
    const { trees, world } = this.#simulation;
    this.#must(
      queue.some(({ id }) => id === change),
      'P5 a change is refused once',
      change,
    );
    this.#must(isDeepStrictEqual(tree.changes, [change]), 'P6 a change is refused by itself', tree);
    this.#must(fails > retry && passes === 0, 'P6 it failed more than `retry` times and never passed', tree);
    this.#must(evidence.tally(on(tree.main), gate).passes > 0, 'P6 that main passed the gate', tree);
    this.#must(trees.passes(on(tree.main), gate), 'P7 a broken main refuses nobody', tree);
    if (world.flakes === 0) this.#must(!trees.passes(tree, gate), 'P6 the change is bad', tree);
  }

  #conflict({ change, tree }: StepOf<'conflict'>, { main, evidence }: QueueWorld): void {
    const { needs } = this.#simulation.trees.changeOf(change);
    const isShown = evidence.build(tree) === 'conflict' && isDeepStrictEqual(tree, on(main, change));
    this.#must(isShown && needs.every((need) => this.#isLanded(need)), 'R8 it conflicts with main', tree);
  }

  #stepAside({ parts, gate, strikes }: StepOf<'stepAside'>, world: QueueWorld): void {
    const { queue, main, slots } = world;
    const ids = parts.flat();
    const members = ids.flatMap((id) => queue.filter((one) => one.id === id));
    const [part] = members.map((one) => one.part);
    const isOne =
      new Set(members.map((one) => one.part?.id)).size === 1 && new Set(ids).size === members.length;
    this.#must(
      isOne && parts.every((some) => some.length > 0),
      'R4 the members of one tree step aside',
      parts,
    );
    if (parts.length === 1 && part !== undefined) {
      this.#must(strikes === 0 && part.main !== main, 'R5 a part moves to the present main only', parts);
      return;
    }
    // A part may hold members that could not be tested with those that failed.
    const tested = part === undefined ? [ids] : ids.map((_, at) => ids.slice(0, at + 1));
    const isFailed = tested.some((some) =>
      [main, part?.main ?? main].some((one) => fails(on(one, ...some), gate ?? '', { ...world, retry: 0 })),
    );
    this.#must(isFailed, 'R4 nothing steps aside without a failure', parts);
    const count = Math.min(ids.length, Math.max(2, slots - 1));
    this.#must(parts.length === count, 'R4 parts are as many as slots beside the first boundary', parts);
    this.#must(strikes === (part === undefined ? 1 : 0), 'R4 a boundary that failed is a strike', strikes);
    const isMixture =
      members.length > 1 && members.every((one) => one.cleared === main && one.part === undefined);
    this.#must(!isMixture, 'R6 a boundary whose members are all cleared is halved', parts);
  }

  #clear({ changes, main }: StepOf<'clear'>, world: QueueWorld): void {
    const members = changes.flatMap((id) => world.queue.filter((one) => one.id === id));
    const [part] = members.map((one) => one.part);
    const gates = [...new Set(members.flatMap((one) => one.gates))];
    const isPassed = gates.every((gate) => world.evidence.tally(on(main, ...changes), gate).passes > 0);
    const failing = [...gates, part?.gate ?? ''].filter((gate) => fails(on(main), gate, world));
    const isExcused = main !== world.main && failing.length > 0;
    this.#must(part !== undefined && (isPassed || isExcused), 'R5 what is cleared has passed', changes);
    const { gate } = part ?? {};
    const isShown =
      gate === undefined ||
      failing.includes(gate) ||
      world.evidence.tally(on(main, ...changes), gate).passes > 0;
    this.#must(isShown, 'R9 a part passes the gate that failed', changes);
  }

  #mainFails({ gate, main }: StepOf<'mainFails'>, world: QueueWorld): void {
    const isTold = this.#told.has(`${main} ${gate}`) || world.brokenGates.includes(gate);
    this.#told.add(`${main} ${gate}`);
    this.#must(!isTold && main === world.main, 'P7 a broken main stops once', gate);
    this.#must(fails(on(main), gate, world), 'P7 main failed more than `retry` times', gate);
  }

  #isLanded(id: string): boolean {
    return found(this.#simulation.rows, id).state === 'landed';
  }

  #must(holds: boolean, property: string, about: unknown): void {
    if (!holds) this.breaches.push(`${property}: ${JSON.stringify(about)}`);
  }
}

/** Simulates a world and answers each breach of a property; none is as it should be. */
export function breachesOf(world: SimulatedWorld, plan: Planner): string[] {
  const simulation = new QueueSimulation(world, plan);
  const watch = new Watch(simulation);
  simulation.observer = {
    step: (step, seen) => watch.step(step, seen),
    started: () => watch.started(),
    ended: ({ tree }, outcome) => watch.ended(tree, outcome),
    cancelled: (run) => watch.cancelled(run),
  };
  try {
    simulation.run();
    watch.end();
  } catch (error) {
    watch.breaches.push(`P9 the queue comes to rest: ${error instanceof Error ? error.message : error}`);
  }
  return watch.breaches;
}

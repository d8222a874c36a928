import type { Part, QueueStep, QueueWorld, TreeName, WishedRun } from '../../src/changes/queue/queue.ts';
import { orderQueue } from '../../src/changes/queue/queue-order.ts';
import { found, type SimulatedChange, SimulatedTrees, type SimulatedWorld } from './queue-trees.ts';
import { random } from './random.ts';

/** One gate of one tree, under way; a cancelled one still ends, and its result is late. */
export interface SimulatedRun {
  readonly tree: TreeName;
  readonly gate: string;
  isCancelled: boolean;
}

export type Planner = (world: QueueWorld) => QueueStep;
type Outcome = 'pass' | 'fail' | 'none';

/** Told of all that happens; of a step, before it is carried out. */
export interface Observer {
  step?(step: QueueStep, world: QueueWorld): void;
  started?(run: SimulatedRun): void;
  cancelled?(run: SimulatedRun): void;
  ended?(run: SimulatedRun, outcome: Outcome): void;
}

interface Row {
  readonly change: SimulatedChange;
  state: 'absent' | 'queued' | 'landed' | 'refused' | 'conflict';
  endedAt: number;
  strikes: number;
  part: Part | undefined;
  cleared: string | undefined;
  clearedAt: number | undefined;
  headPlace: number | undefined;
  overtaken: number;
}

const unitMs = 600_000;
const stepsMax = 2_000;
const runsMax = 3_000;

/**
 * The worker of the queue without git, processes or a database: it carries out the steps of a planner over a world
 * whose failures an oracle knows, and drives time from event to event.
 */
export class QueueSimulation {
  readonly world: SimulatedWorld;
  readonly plan: Planner;
  readonly trees: SimulatedTrees;
  readonly rows: ReadonlyMap<string, Row>;
  readonly landings: (readonly string[])[] = [];
  readonly figures = { started: 0, cancelled: 0, plans: 0 };
  runs: SimulatedRun[] = [];
  observer: Observer = {};
  now = 0;
  main = 'main-0';
  readonly #stops = new Set<string>();
  readonly #events: { readonly at: number; readonly order: number; readonly act: () => void }[] = [];
  readonly #random: () => number;
  #count = 0;

  constructor(world: SimulatedWorld, plan: Planner) {
    this.world = world;
    this.plan = plan;
    this.trees = new SimulatedTrees(world);
    this.#random = random(world.seed);
    this.rows = new Map(world.changes.map((change) => [change.id, newRow(change)]));
    for (const { id, arrivesAt } of world.changes) this.#at(arrivesAt, () => this.#arrive(id));
    for (const { at } of world.moves.slice(1)) this.#at(at, () => this.#move());
    for (const { from, to } of world.holds) for (const at of [from, to]) this.#at(at, () => {});
  }

  /** Runs the world until nothing happens any more. */
  run(): this {
    for (let next = this.#events.shift(); next !== undefined; next = this.#events.shift()) {
      this.now = next.at;
      next.act();
      // All that begins at once is known at once. Results come in one by one.
      if (next.at > 0 || this.#events[0]?.at !== 0) this.#round();
    }
    return this;
  }

  isHeld(id: string): boolean {
    return this.world.holds.some((hold) => hold.id === id && hold.from <= this.now && this.now < hold.to);
  }

  /** True when nothing keeps the change, or a change that it needs, from its turn. */
  isEligible(id: string): boolean {
    const { state, change } = found(this.rows, id);
    if (state !== 'queued' || this.isHeld(id)) return false;
    return change.needs.every((need) => found(this.rows, need).state === 'landed' || this.isEligible(need));
  }

  queueWorld(): QueueWorld {
    const { slots, batch, retry } = this.world;
    const bare = { main: this.main, changes: [] };
    for (const gate of this.#stops) if (this.trees.tally(bare, gate).passes > 0) this.#stops.delete(gate);
    const evidence = {
      tally: (tree: TreeName, gate: string) => {
        const { passes, fails } = this.trees.tally(tree, gate);
        return { passes, fails, running: this.#isRunning({ tree, gate }) };
      },
      build: (tree: TreeName) => this.trees.buildOf(tree),
    };
    return {
      queue: this.#queue(),
      slots,
      batch,
      retry,
      main: this.main,
      brokenGates: [...this.#stops],
      suspectGates: [],
      evidence,
    };
  }

  #queue() {
    const rows = [...this.rows.values()].filter(({ change }) => this.isEligible(change.id));
    const order = rows.map(({ change, clearedAt, headPlace, overtaken }) => ({
      id: change.id,
      priority: change.priority,
      needs: change.needs,
      approvedAtMs: change.arrivesAt * unitMs,
      clearedAtMs: clearedAt === undefined ? undefined : clearedAt * unitMs,
      position: undefined,
      headPlace,
      overtaken,
    }));
    return orderQueue(order, this.now * unitMs).map((id) => {
      const { change, strikes, part, cleared } = found(this.rows, id);
      return { id, needs: change.needs, gates: change.gates, alone: change.alone, strikes, part, cleared };
    });
  }

  #round(): void {
    for (let steps = 0; steps < stepsMax; steps++) {
      const world = this.queueWorld();
      const step = this.plan(world);
      this.figures.plans += 1;
      this.observer.step?.(step, world);
      if (step.do !== 'run') this.#carryOut(step);
      else if (this.#serve(step.wishes, step.head)) return;
    }
    throw new Error('the planner does not come to an answer');
  }

  #carryOut(step: Exclude<QueueStep, { do: 'run' }>): void {
    switch (step.do) {
      case 'land':
        this.#land(step.tree);
        return;
      case 'mainFails':
        this.#stops.add(step.gate);
        return;
      case 'stepAside':
        for (const members of step.parts) this.#stepAside(members, step.gate, step.strikes);
        return;
      case 'clear':
        for (const id of step.changes) this.#change(id, cleared(step.main, this.now));
        return;
      default:
        this.#change(step.change, {
          state: step.do === 'refuse' ? 'refused' : 'conflict',
          endedAt: this.now,
        });
    }
  }

  #land(tree: TreeName): void {
    if (!this.trees.build(tree)) return;
    for (const id of tree.changes) {
      this.#change(id, { state: 'landed', endedAt: this.now });
      for (const other of this.rows.values())
        if (other.state === 'queued' && joined(other) < joined(found(this.rows, id))) other.overtaken += 1;
    }
    this.landings.push(tree.changes);
    this.main = this.trees.mainWith(tree.main, tree.changes);
  }

  #move(): void {
    this.main = this.trees.mainMoved(this.main);
  }

  #stepAside(members: readonly string[], gate: string | undefined, strikes: number): void {
    const isNamed = members.some((id) => this.trees.changeOf(id).gates.some((one) => one === gate));
    const known = this.world.isRevised && !isNamed ? undefined : gate;
    const part = { id: `part-${this.#count++}`, main: this.main, gate: known };
    for (const id of members) this.#change(id, { part, strikes: found(this.rows, id).strikes + strikes });
  }

  #change(id: string, more: Partial<Row>): void {
    Object.assign(found(this.rows, id), more);
  }

  #arrive(id: string): void {
    this.#change(id, { state: 'queued' });
    const tree = { main: this.main, changes: [id] };
    if (!this.world.proven.includes(id) || !this.trees.build(tree)) return;
    const { gates } = this.trees.changeOf(id);
    for (const gate of gates) if (this.trees.passes(tree, gate)) this.trees.record(tree, gate, true);
  }

  /** Cancels runs that are not wished, and starts others in order. False when a tree was built: it may be known. */
  #serve(wishes: readonly WishedRun[], head: readonly string[]): boolean {
    for (const row of this.rows.values()) row.headPlace = undefined;
    for (const [headPlace, id] of head.entries()) this.#change(id, { headPlace });
    for (const run of this.runs)
      if (!run.isCancelled && !wishes.some((one) => this.#isSame(run, one))) this.#cancel(run);
    for (const wish of wishes) {
      const active = this.runs.filter((one) => !one.isCancelled);
      if (active.length >= this.world.slots) break;
      // A slot runs the gates of its tree one after another.
      if (active.some((run) => this.trees.isSame(run.tree, wish.tree))) continue;
      if (this.#isNewlyBuilt(wish.tree)) return false;
      this.#start(wish);
    }
    return true;
  }

  #isNewlyBuilt(tree: TreeName): boolean {
    if (tree.changes.length === 0 || this.trees.buildOf(tree) === 'built') return false;
    this.trees.build(tree);
    return true;
  }

  #cancel(run: SimulatedRun): void {
    run.isCancelled = true;
    this.figures.cancelled += 1;
    this.observer.cancelled?.(run);
  }

  #start({ tree, gate }: WishedRun): void {
    const run = { tree, gate, isCancelled: false };
    this.runs.push(run);
    this.figures.started += 1;
    if (this.figures.started > runsMax) throw new Error('runs are started for ever');
    this.observer.started?.(run);
    const length = this.world.duration === 'constant' ? 1 : 0.5 + this.#random();
    this.#at(this.now + length, () => {
      this.runs = this.runs.filter((one) => one !== run);
      const outcome = this.#outcome(run);
      this.observer.ended?.(run, outcome);
      if (!run.isCancelled && outcome !== 'none') this.trees.record(tree, gate, outcome === 'pass');
    });
  }

  #outcome({ tree, gate }: WishedRun): Outcome {
    if (this.#random() < this.world.deaths) return 'none';
    return this.trees.passes(tree, gate) && this.#random() >= this.world.flakes ? 'pass' : 'fail';
  }

  #isRunning(wish: WishedRun): boolean {
    return this.runs.some((run) => !run.isCancelled && run.gate === wish.gate && this.#isSame(run, wish));
  }

  #isSame(one: WishedRun, other: WishedRun): boolean {
    return one.gate === other.gate && this.trees.isSame(one.tree, other.tree);
  }

  #at(at: number, act: () => void): void {
    const event = { at, order: this.#count++, act };
    const place = this.#events.findIndex((other) => other.at > at);
    this.#events.splice(place < 0 ? this.#events.length : place, 0, event);
  }
}

const joined = ({ clearedAt, change }: Row): number => clearedAt ?? change.arrivesAt;

const cleared = (main: string, clearedAt: number) => ({
  ...{ part: undefined, cleared: main, clearedAt, headPlace: undefined },
});

const newRow = (change: SimulatedChange): Row => ({
  ...{ change, state: 'absent', endedAt: 0, strikes: 0, overtaken: 0 },
  ...{ part: undefined, cleared: undefined, clearedAt: undefined, headPlace: undefined },
});

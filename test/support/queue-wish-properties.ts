import { isDeepStrictEqual } from 'node:util';
import type {
  QueuedChange,
  QueueStep,
  QueueWorld,
  TreeName,
  WishedRun,
} from '../../src/changes/queue/queue.ts';
import type { QueueSimulation } from './queue-simulator.ts';
import { found } from './queue-trees.ts';
import { isFlawless } from './queue-worlds.ts';

export type StepOf<Kind extends QueueStep['do']> = Extract<QueueStep, { readonly do: Kind }>;

export const on = (main: string, ...changes: readonly string[]): TreeName => ({ main, changes });

/** True when the gate failed on the tree more than `retry` times, and never passed. */
export function fails(tree: TreeName, gate: string, { evidence, retry }: QueueWorld): boolean {
  const tally = evidence.tally(tree, gate);
  return tally.passes === 0 && tally.fails > retry;
}

const gatesOf = (queue: readonly QueuedChange[]): string[] => [
  ...new Set(queue.flatMap(({ gates, part }) => [...gates, part?.gate ?? '']).filter((gate) => gate !== '')),
];

/** Watches the runs that the planner wishes for. */
export class WishWatch {
  readonly #simulation: QueueSimulation;
  readonly #isFlawless: boolean;
  /** Changes of which a tree has passed a gate. */
  readonly #passed = new Set<string>();
  readonly #must: (holds: boolean, property: string, about: unknown) => void;

  constructor(simulation: QueueSimulation, must: (holds: boolean, property: string, about: unknown) => void) {
    this.#simulation = simulation;
    this.#isFlawless = isFlawless(simulation.world);
    this.#must = must;
  }

  passed(changes: readonly string[]): void {
    for (const id of changes) this.#passed.add(id);
  }

  run({ wishes, head }: StepOf<'run'>, world: QueueWorld): void {
    const { queue, slots, main } = world;
    const trees = new Map(wishes.map(({ tree }) => [JSON.stringify(tree), tree]));
    this.#must(trees.size <= slots, 'P11 no more trees are wished for than there are slots', wishes);
    for (const wish of wishes) this.#wish(wish, world);
    for (const tree of trees.values()) this.#wishedTree(tree, wishes, world);
    this.#probes(wishes, world);
    const untold = gatesOf(queue).filter((gate) => fails(on(main), gate, world));
    this.#must(
      untold.every((gate) => world.brokenGates.includes(gate)),
      'P7 a broken main is told',
      untold,
    );
    const last = queue[head.length - 1];
    const isTouched = wishes.some(({ tree }) => tree.changes.some((id) => id === last?.id));
    const isBeside = isTouched || last === undefined || last.gates.length === 0 || this.#passed.has(last.id);
    this.#must(isBeside, 'R1 the head ends with a change that is under test, or was', head);
    const isHead = isDeepStrictEqual(
      head,
      queue.slice(0, head.length).map(({ id }) => id),
    );
    this.#must(isHead, 'R1 the head is the beginning of the queue', head);
    if (!this.#isFlawless) return;
    const stacked = [...trees.values()].flatMap(({ changes }) => changes);
    const isComplete = trees.size >= slots || head.length === queue.length;
    this.#must(isComplete, 'R2 nothing waits for a fuller batch', wishes);
    const isTested = trees.size < slots || stacked.includes(head.at(-1) ?? '');
    this.#must(isTested, 'R1 nobody joins the head who is not under test', head);
  }

  #wish({ tree, gate }: WishedRun, { queue, retry, evidence }: QueueWorld): void {
    const tally = evidence.tally(tree, gate);
    const most = tree.changes.length < 2 ? retry : 0;
    this.#must(tally.passes === 0 && tally.fails <= most, 'R10 nothing that is known is run again', {
      tree,
      gate,
    });
    this.#must(this.#isWhole(tree, queue), 'P3 nothing that is held, or lacks a need, is tested', tree);
    this.#must(gate !== '', 'R9 only gates that the plan declares are run', tree);
  }

  #wishedTree(tree: TreeName, wishes: readonly WishedRun[], world: QueueWorld): void {
    const gates = wishes.filter((one) => isDeepStrictEqual(one.tree, tree)).map(({ gate }) => gate);
    const [part] = tree.changes.map((id) => found(this.#simulation.rows, id).part);
    if (part === undefined && this.#simulation.world.deaths > 0) return;
    if (part === undefined) {
      for (let length = 1; length < tree.changes.length; length++) {
        const ahead = on(tree.main, ...tree.changes.slice(0, length));
        const named = this.#simulation.trees.changeOf(ahead.changes.at(-1) ?? '').gates;
        const failed = gates.filter(
          (gate) => named.includes(gate) && fails(ahead, gate, { ...world, retry: 0 }),
        );
        const isAlike = failed.every((gate) => fails(on(tree.main), gate, { ...world, retry: 0 }));
        this.#must(isAlike, 'R4 nothing is stacked on a tree that failed', tree);
      }
      return;
    }
    this.#must(part.main === tree.main, 'R5 a part is tested on its main', tree);
    const isOpen = part.gate !== undefined && gates.includes(part.gate);
    this.#must(!isOpen || gates[0] === part.gate, 'R9 a part runs first the gate that failed', gates);
    const isVain = gates.some(
      (gate) => world.evidence.tally(tree, gate).fails > 0 && fails(on(tree.main), gate, world),
    );
    this.#must(!isVain, 'R5 a change that fails as main fails waits', tree);
  }

  /** With nothing under way, the order of the wishes is that of their worth. */
  #probes(wishes: readonly WishedRun[], { brokenGates, main, evidence, queue }: QueueWorld): void {
    if (this.#simulation.runs.some((run) => !run.isCancelled)) return;
    const due = brokenGates.filter((gate) => {
      const tally = evidence.tally(on(main), gate);
      return tally.passes + tally.fails === 0;
    });
    const isProbed = due.length === 0 || isDeepStrictEqual(wishes[0]?.tree, on(main));
    this.#must(isProbed, 'R7 a new main is tested first by the gate that a stop is open for', due);
    const isStack = (tree: TreeName): boolean =>
      tree.changes.some((id) => queue.some((one) => one.id === id && one.part === undefined));
    const first = wishes.filter(({ tree }) => tree.changes.length > 0)[0];
    const isFirst = first === undefined || isStack(first.tree) || !wishes.some(({ tree }) => isStack(tree));
    this.#must(isFirst || due.length > 0, 'R3 the first boundary is worth most', wishes);
  }

  #isWhole({ main, changes }: TreeName, queue: readonly QueuedChange[]): boolean {
    const before = new Set(this.#simulation.trees.landedOn(main));
    return changes.every((id) => {
      const isReady = found(this.#simulation.rows, id).change.needs.every((need) => before.has(need));
      before.add(id);
      return isReady && queue.some((one) => one.id === id);
    });
  }
}

import { priorities } from '../../src/plan/kinds.ts';
import { quietWorld, type SimulatedChange, type SimulatedWorld } from './queue-trees.ts';
import { random } from './random.ts';

const pool = ['unit', 'lint', 'slow'];

/** Draws from one seed; a draw that a world does not use is drawn all the same. */
class Draws {
  readonly #next: () => number;

  constructor(seed: number) {
    this.#next = random(seed);
  }

  chance(share: number): boolean {
    return this.#next() < share;
  }

  upTo(most: number): number {
    return Math.floor(this.#next() * (most + 1));
  }

  time(latest: number): number {
    return this.#next() * latest;
  }

  one<Value>(values: readonly Value[]): Value {
    return values[this.upTo(values.length - 1)] as Value;
  }

  some<Value>(values: readonly Value[], share: number): Value[] {
    return values.filter(() => this.chance(share));
  }
}

/** Shares of changes with a trait; 0 in a world without it. */
interface Traits {
  readonly bad: number;
  readonly foreign: number;
  readonly needs: number;
  readonly alone: number;
  readonly urgent: number;
  readonly late: number;
  readonly bare: number;
}

function changesOf(draws: Draws, gates: readonly string[], traits: Traits): SimulatedChange[] {
  const changes: SimulatedChange[] = [];
  const count = 3 + draws.upTo(21);
  for (let n = 0; n < count; n++) {
    const own = draws.some(gates, 0.6);
    const named = draws.chance(traits.bare) ? [] : own.length > 0 ? own : gates.slice(0, 1);
    const isForeign = draws.chance(traits.foreign) || named.length === 0;
    const fault = draws.one(isForeign ? gates : named);
    const earlier = changes.map(({ id }) => id).slice(-6);
    changes.push({
      id: `c${n}`,
      gates: named,
      needs: draws.some(earlier, traits.needs),
      alone: draws.chance(traits.alone),
      priority: draws.chance(traits.urgent) ? draws.one(priorities) : 'normal',
      arrivesAt: draws.chance(traits.late) ? draws.time(8) : 0,
      breaks: draws.chance(traits.bad) ? [fault] : [],
      mends: [],
    });
  }
  return changes;
}

function movesOf(draws: Draws, gates: readonly string[], ids: readonly string[]): SimulatedWorld['moves'] {
  const isBroken = draws.chance(0.5);
  const breaks = isBroken ? draws.some(gates, 0.6) : [];
  const conflicts = draws.some(ids, 0.1);
  const first = { at: 0, breaks: draws.chance(0.4) ? breaks : [], conflicts: [] };
  const second = { at: draws.time(6), breaks, conflicts };
  const third = { at: 6 + draws.time(6), breaks: draws.chance(0.8) ? [] : breaks, conflicts };
  return draws.chance(0.3) ? [first, second] : [first, second, third];
}

const pairOf = (draws: Draws, ids: readonly string[]): [string, string] => {
  const one = draws.one(ids);
  return [one, draws.one(ids.filter((id) => id !== one))];
};

/** A world of 3 to 24 changes and 1 to 8 slots; each kind of trouble is in some worlds, and some have none. */
export function randomWorld(seed: number): SimulatedWorld {
  const draws = new Draws(seed);
  const trait = (isIn: number, share: number): number => (draws.chance(isIn) ? share : 0);
  const gates = pool.slice(0, 1 + draws.upTo(2));
  const changes = changesOf(draws, gates, {
    ...{ bad: trait(0.6, 0.05 + draws.time(0.3)), foreign: trait(0.2, 0.3), needs: trait(0.4, 0.15) },
    ...{ alone: trait(0.3, 0.2), urgent: trait(0.4, 0.4), late: trait(0.5, 0.6), bare: trait(0.4, 0.2) },
  });
  const ids = changes.map(({ id }) => id);
  const isMoving = draws.chance(0.35);
  const moves = movesOf(draws, gates, ids);
  const mender = isMoving && draws.chance(0.5) ? draws.one(ids) : undefined;
  const several = (isIn: number): number[] => (draws.chance(isIn) ? [1, 2, 3].slice(draws.upTo(2)) : []);
  return {
    ...quietWorld,
    ...{ seed, slots: 1 + draws.upTo(7), batch: draws.one([1, 2, 3, 4, 8, 8]), retry: draws.upTo(2) },
    changes: changes.map((one) =>
      one.id === mender ? { ...one, breaks: [], mends: moves.flatMap(({ breaks }) => breaks) } : one,
    ),
    pairs: several(0.3).map(() => ({ both: pairOf(draws, ids), gate: draws.one(gates) })),
    conflicts: several(0.3).map(() => pairOf(draws, ids)),
    moves: isMoving ? moves : quietWorld.moves,
    holds: several(0.3).map((to) => ({
      id: draws.one(ids),
      from: draws.time(3),
      to: 3 + draws.time(2 * to),
    })),
    ...{ deaths: trait(0.3, 0.2), flakes: trait(0.2, 0.15) },
    isRevised: draws.chance(0.1),
    proven: draws.chance(0.3) ? draws.some(ids, 0.5) : [],
    duration: draws.chance(0.5) ? 'constant' : 'random',
  };
}

/** True when nothing in the world makes a tree fail or conflict. */
export const isFlawless = ({ changes, pairs, conflicts, moves, flakes }: SimulatedWorld): boolean =>
  changes.every(({ breaks }) => breaks.length === 0) &&
  pairs.length + conflicts.length + flakes === 0 &&
  moves.every((move) => move.breaks.length + move.conflicts.length === 0);

/** A backlog, all approved at once: `bad` of its changes, at seeded places, fail. */
export function backlog(
  count: number,
  more: Partial<SimulatedWorld> & { readonly bad?: number } = {},
): SimulatedWorld {
  const { seed = 1, bad = 0 } = more;
  const draws = new Draws(seed);
  const places = new Set<number>();
  while (places.size < bad) places.add(draws.upTo(count - 1));
  const changes = Array.from({ length: count }, (_, n) => plainChange(n, 0, places.has(n)));
  return { ...quietWorld, ...more, seed, changes };
}

/** Changes that arrive one by one, at random, `rate` in one gate time on average. */
export function steady(count: number, rate: number, badShare: number, seed: number): SimulatedWorld {
  const next = random(seed);
  let at = 0;
  const changes = Array.from({ length: count }, (_, n) => {
    at -= Math.log(1 - next()) / rate;
    return plainChange(n, at, next() < badShare);
  });
  return { ...quietWorld, seed, slots: 4, changes };
}

const plainChange = (n: number, arrivesAt: number, isBad: boolean): SimulatedChange => ({
  ...{ id: `c${n}`, gates: ['unit'], needs: [], alone: false, priority: 'normal', arrivesAt },
  ...{ breaks: isBad ? ['unit'] : [], mends: [] },
});

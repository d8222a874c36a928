import { planQueue } from '../../src/changes/queue/planner.ts';
import type { GateTally, Part, QueuedChange, QueueStep, QueueWorld } from '../../src/changes/queue/queue.ts';

/** A change of a small world: one gate, no needs, nothing known against it. */
export const change = (id: string, more: Partial<QueuedChange> = {}): QueuedChange => ({
  id,
  needs: [],
  gates: ['unit'],
  alone: false,
  strikes: 0,
  part: undefined,
  cleared: undefined,
  ...more,
});

export const changes = (ids: string, more: Partial<QueuedChange> = {}): QueuedChange[] =>
  [...ids].map((id) => change(id, more));

export const partOn = (main: string, id: string, gate: string | undefined = 'unit'): Part => ({
  id,
  main,
  gate,
});

/** Results by tree and gate: `m+a+b unit` to `pass`, `fail`, `fail fail`, `fail pass` or `run`. */
export type Results = Readonly<Record<string, string>>;

export interface SmallWorld extends Partial<Omit<QueueWorld, 'evidence'>> {
  readonly results?: Results;
  /** Trees whose last change conflicts with what is before it: `m+a+b`. */
  readonly conflicts?: readonly string[];
}

const count = (words: readonly string[], word: string): number => words.filter((one) => one === word).length;

function tallyOf(said: string | undefined): GateTally {
  const words = said?.split(' ') ?? [];
  return { passes: count(words, 'pass'), fails: count(words, 'fail'), running: words.includes('run') };
}

export function worldOf({ results = {}, conflicts = [], ...more }: SmallWorld): QueueWorld {
  return {
    queue: [],
    slots: 2,
    batch: 4,
    retry: 1,
    main: 'm',
    brokenGates: [],
    suspectGates: [],
    evidence: {
      tally: ({ main, changes: on }, gate) => tallyOf(results[`${[main, ...on].join('+')} ${gate}`]),
      build: ({ main, changes: on }) =>
        conflicts.includes([main, ...on].join('+')) ? 'conflict' : undefined,
    },
    ...more,
  };
}

/** The answer of the planner in words: `land m+a+b`, `run m+a unit, m+b unit`. */
export function stepOf(world: SmallWorld): string {
  return wordsOf(planQueue(worldOf(world)));
}

export function wordsOf(step: QueueStep): string {
  switch (step.do) {
    case 'run':
      return `run ${step.wishes.map(({ tree, gate }) => `${[tree.main, ...tree.changes].join('+')} ${gate}`).join(', ')}`;
    case 'land':
      return `land ${step.changes.join('+')} as ${[step.tree.main, ...step.tree.changes].join('+')}`;
    case 'stepAside':
      return `${step.strikes} strike for ${step.parts.map((part) => part.join('+')).join(' | ')} by ${step.gate}`;
    case 'clear':
      return `clear ${step.changes.join('+')} on ${step.main}`;
    case 'mainFails':
      return `${step.main} fails ${step.gate}`;
    default:
      return `${step.do} ${step.change} on ${step.tree.main}`;
  }
}

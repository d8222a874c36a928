import { fail } from './errors.ts';
import { buildNfa, literalsOf, type Masks, masks, type Nfa, step } from './glob-nfa.ts';
import { limits } from './limits.ts';

const slash = 47;
const w1 = 1;
const x1 = 2;
const w2 = 4;
const x2 = 8;

/**
 * The goal of a search, and the test that looking further is vain. Both see the masks of the groups w1, x1,
 * w2, x2.
 */
interface SearchQuestion {
  readonly found: (masks: Masks) => boolean;
  readonly vain: (masks: Masks) => boolean;
}

const escaping: SearchQuestion = {
  found: ({ accepts }) => (accepts & (w1 | x1)) === w1 && (accepts & (w2 | x2)) !== w2,
  vain: ({ alive, full }) =>
    (alive & w1) === 0 || (full & x1) !== 0 || ((full & w2) !== 0 && (alive & x2) === 0),
};

const shared: SearchQuestion = {
  found: ({ accepts }) => accepts === (w1 | w2),
  vain: ({ alive, full }) => (alive & (w1 | w2)) !== (w1 | w2) || (full & (x1 | x2)) !== 0,
};

type Globs = readonly string[];

/**
 * A shortest path of `L(w1 \ x1)` that lies outside `L(w2 \ x2)`, or undefined when the first scope is contained
 * in the second. Exact over all paths of non-empty segments: a breadth-first walk over the product of the subset
 * automata. Throws `lattice.cost` when the walk exceeds `limits.scopeEffortMax`, `scope.glob` on a faulty glob.
 */
export const escapes = (w: Globs, x: Globs, parentW: Globs, parentX: Globs): string | undefined =>
  search(buildNfa([w, x, parentW, parentX]), escaping);

/** A shortest path that lies in both scopes, or undefined when they share none. Throws as `escapes` does. */
export const overlaps = (w: Globs, x: Globs, otherW: Globs, otherX: Globs): string | undefined =>
  search(buildNfa([w, x, otherW, otherX]), shared);

interface Node {
  readonly state: readonly number[];
  readonly from: Node | undefined;
  /** Code point that led to this node; `/` at the root, since a path starts with a segment as if after a slash. */
  readonly point: number;
}

function search(nfa: Nfa, question: SearchQuestion): string | undefined {
  const queue: Node[] = [{ state: nfa.start, from: undefined, point: slash }];
  const seen = new Set<string>();
  let effort = 0;
  for (let head = 0; head < queue.length; head++) {
    const node = queue[head] as Node;
    for (const point of choices(nfa, node)) {
      const next: Node = { state: step(nfa, node.state, point), from: node, point };
      effort += node.state.length + 1;
      if (effort > limits.scopeEffortMax) throw costly();
      const said = masks(nfa, next.state);
      if (point !== slash && question.found(said)) return spell(next);
      if (question.vain(said) || !isNew(seen, next)) continue;
      queue.push(next);
    }
  }
  return undefined;
}

const costly = () => fail('lattice.cost', 'scope', { limit: `${limits.scopeEffortMax} steps` });

function isNew(seen: Set<string>, node: Node): boolean {
  const key = `${node.point === slash ? '/' : ''}${node.state.join()}`;
  if (seen.has(key)) return false;
  seen.add(key);
  return true;
}

// One character that the state cannot tell from the rest comes first: it makes the plainest witness.
function choices(nfa: Nfa, node: Node): number[] {
  const literals = literalsOf(nfa, node.state);
  const found = [ordinary(literals), ...literals];
  if (node.point !== slash) found.push(slash);
  return found;
}

const plain = [...'xabcdefghijklmnopqrstuvwyz0123456789'].map((char) => char.codePointAt(0) ?? 0);

/** A printable character that is none of `taken`. */
function ordinary(taken: readonly number[]): number {
  const free = plain.find((point) => !taken.includes(point));
  if (free !== undefined) return free;
  // From é on, there are more letters than a state has positions.
  let point = 0xe9;
  while (taken.includes(point)) point++;
  return point;
}

function spell(node: Node): string {
  const points: number[] = [];
  for (let at: Node | undefined = node; at?.from !== undefined; at = at.from) points.push(at.point);
  return points
    .reverse()
    .map((point) => String.fromCodePoint(point))
    .join('');
}

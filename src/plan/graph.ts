/** The tasks that each task needs, by task. */
export type Graph = ReadonlyMap<string, readonly string[]>;

type Visit = 'open' | 'closed';

/**
 * Finds one cycle of the graph as the path that closes (`a`, `b`, `a`); undefined when there is none.
 * Iterative, so that a chain of 100,000 tasks does not overflow the stack.
 */
export function findCycle(graph: Graph): string[] | undefined {
  const colours = new Map<string, Visit>();
  for (const start of graph.keys()) {
    const cycle = colours.has(start) ? undefined : walk(graph, start, colours);
    if (cycle !== undefined) return cycle;
  }
  return undefined;
}

function walk(graph: Graph, start: string, colours: Map<string, Visit>): string[] | undefined {
  const path: { node: string; next: number }[] = [{ node: start, next: 0 }];
  colours.set(start, 'open');
  for (let top = path.at(-1); top !== undefined; top = path.at(-1)) {
    const child = graph.get(top.node)?.[top.next++];
    if (child === undefined) {
      colours.set(top.node, 'closed');
      path.pop();
      continue;
    }
    const colour = colours.get(child);
    if (colour === 'open')
      return [...path.slice(path.findIndex(({ node }) => node === child)).map(({ node }) => node), child];
    if (colour === 'closed') continue;
    colours.set(child, 'open');
    path.push({ node: child, next: 0 });
  }
  return undefined;
}

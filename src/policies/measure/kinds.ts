import { ts } from 'ts-morph';

/** Tells whether the kind of a node is one of these. Asked of every node of a file, so a table answers. */
export function ofKind(...kinds: readonly ts.SyntaxKind[]): (node: ts.Node) => boolean {
  const table = new Uint8Array(ts.SyntaxKind.Count);
  for (const kind of kinds) table[kind] = 1;
  return (node) => table[node.kind] === 1;
}

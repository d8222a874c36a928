import type { Node, Parser } from '@vscode/tree-sitter-wasm';
import type { Grammar } from '../../languages/grammar.ts';
import { linesOf } from '../lines.ts';
import { sizeOf } from '../size.ts';
import type { FileRefusal, Measure } from '../unit.ts';
import type { Kinds } from './kinds.ts';
import { walkTree } from './walk-tree.ts';

/** A grammar that is loaded, with a parser for it. */
export interface LoadedGrammar {
  readonly grammar: Grammar;
  readonly parser: Parser;
  readonly kinds: Kinds;
}

/**
 * The units of a text in a language that is measured by a grammar, or the reason why it has none. Complexity and
 * length are those of lizard: tokens that decide, and lines from the keyword or the name to the last token. Comments
 * change neither a number nor a digest. `digest` must be collision resistant.
 */
export function measureTree(
  text: string,
  { grammar, parser, kinds }: LoadedGrammar,
  digest: (text: string) => string,
): Measure {
  const nul = text.indexOf('\u0000');
  if (nul >= 0) return { refusal: { code: 'source.syntax', line: linesOf(text)(nul), found: 'a NUL byte' } };
  const tree = parser.parse(text);
  if (tree === null) return { refusal: { code: 'source.crash', found: 'the parser gave no tree' } };
  try {
    const fault = syntaxFault(tree.rootNode);
    if (fault !== undefined) return { refusal: fault };
    return { units: walkTree({ text, tree, grammar, kinds }, digest), size: sizeOf(text) };
  } finally {
    tree.delete();
  }
}

function syntaxFault(root: Node): FileRefusal | undefined {
  if (!root.hasError) return undefined;
  let node = root;
  while (!node.isError && !node.isMissing) {
    const inner = node.children.find((child) => child?.hasError === true);
    if (inner === undefined || inner === null) break;
    node = inner;
  }
  const found = node.isMissing
    ? `\`${node.type}\` is missing`
    : 'text that the grammar of the language has not';
  return { code: 'source.syntax', line: node.startPosition.row + 1, found };
}

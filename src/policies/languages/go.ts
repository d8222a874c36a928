import type { Node } from '@vscode/tree-sitter-wasm';
import { fieldText, type Grammar, tokenStart } from './grammar.ts';

const start = tokenStart('func');

/** The type of the receiver: `Cart` for `(c *Cart)` and `(c Cart[T])`. */
const receiver = (node: Node): string | undefined =>
  /([\p{L}_][\p{L}\p{N}_]*)\s*(?:\[[^\]]*\])?\s*\)$/u.exec(
    node.childForFieldName('receiver')?.text ?? '',
  )?.[1];

/** Go. A function literal is a function of its own, as with lizard. */
export const go: Grammar = {
  name: 'go',
  title: 'Go',
  endings: ['.go'],
  decisions: new Set(['if', 'for', 'case', '&&', '||']),
  functions: new Map([
    ['function_declaration', { name: fieldText('name'), start }],
    ['method_declaration', { name: fieldText('name'), start, owner: receiver }],
    ['func_literal', { name: () => undefined, start }],
  ]),
  scopes: new Map(),
  comments: new Set(['comment']),
};

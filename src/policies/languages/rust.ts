import { fieldText, type Grammar, tokenStart } from './grammar.ts';

/** Rust. `?`, `match` and `where` count as lizard counts them, arms of a match do not; a closure belongs to its function. */
export const rust: Grammar = {
  name: 'rust',
  title: 'Rust',
  endings: ['.rs'],
  interpreters: ['rust-script'],
  decisions: new Set(['if', 'for', 'while', 'match', 'where', '&&', '||', '?']),
  functions: new Map([['function_item', { name: fieldText('name'), start: tokenStart('fn') }]]),
  lambdas: new Set(['closure_expression']),
  scopes: new Map([
    ['impl_item', fieldText('type')],
    ['trait_item', fieldText('name')],
    ['mod_item', fieldText('name')],
  ]),
  comments: new Set(['line_comment', 'block_comment']),
  tokens: { kind: 'token_tree', keyword: 'fn' },
};

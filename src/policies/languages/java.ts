import { fieldStart, fieldText, type Grammar } from './grammar.ts';

const named = { name: fieldText('name'), start: fieldStart('name') };

/** Java. A lambda belongs to its method, a method of an anonymous class is one of its own. */
export const java: Grammar = {
  name: 'java',
  title: 'Java',
  endings: ['.java'],
  decisions: new Set(['if', 'for', 'while', 'catch', 'case', '&&', '||', '?']),
  undecided: new Set(['wildcard']),
  functions: new Map([
    ['method_declaration', named],
    ['constructor_declaration', named],
    ['compact_constructor_declaration', named],
    ['static_initializer', { name: () => '<static>', start: (node) => node.startIndex }],
  ]),
  lambdas: new Set(['lambda_expression']),
  scopes: new Map(
    ['class', 'interface', 'enum', 'record', 'annotation_type'].map((kind) => [
      `${kind}_declaration`,
      fieldText('name'),
    ]),
  ),
  comments: new Set(['line_comment', 'block_comment']),
};

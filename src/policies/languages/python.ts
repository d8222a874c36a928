import { fieldText, type Grammar, tokenStart } from './grammar.ts';

/** Python. `finally` counts as lizard counts it; comprehensions and conditional expressions have the tokens of statements. */
export const python: Grammar = {
  name: 'python',
  title: 'Python',
  endings: ['.py', '.pyi', '.pyw'],
  interpreters: ['python', 'pypy', 'uv'],
  decisions: new Set(['if', 'elif', 'for', 'while', 'except', 'finally', 'and', 'or', 'case', 'except*']),
  functions: new Map([['function_definition', { name: fieldText('name'), start: tokenStart('def') }]]),
  lambdas: new Set(['lambda']),
  scopes: new Map([['class_definition', fieldText('name')]]),
  comments: new Set(['comment']),
  hasTopLevelCode: true,
  evaluators: new Set(['eval', 'exec', 'execfile']),
};

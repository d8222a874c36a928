import type { Language } from '@vscode/tree-sitter-wasm';
import type { FunctionKind, Grammar } from '../../languages/grammar.ts';

/** The tables of a grammar by the numbers that its kinds of nodes have. */
export interface Kinds {
  /** True for kinds that may have children. */
  readonly isNamed: readonly boolean[];
  readonly decides: readonly boolean[];
  readonly undecided: readonly boolean[];
  readonly isComment: readonly boolean[];
  readonly isTokens: readonly boolean[];
  readonly isLambda: readonly boolean[];
  readonly functions: readonly (FunctionKind | undefined)[];
  readonly scopes: readonly (Grammar['scopes'] extends ReadonlyMap<string, infer Name>
    ? Name | undefined
    : never)[];
}

/** Looks up every kind of a language once. */
export function kindsOf(language: Language, grammar: Grammar): Kinds {
  const ids = Array.from({ length: language.nodeTypeCount }, (_, id) => id);
  const name = (id: number): string => language.nodeTypeForId(id) ?? '';
  const isNamed = ids.map((id) => language.nodeTypeIsNamed(id));
  const named = (id: number, set: ReadonlySet<string> | undefined): boolean =>
    isNamed[id] === true && set?.has(name(id)) === true;
  return {
    isNamed,
    // A named node may bear the name of a keyword.
    decides: ids.map((id) => isNamed[id] !== true && grammar.decisions.has(name(id))),
    undecided: ids.map((id) => named(id, grammar.undecided)),
    isComment: ids.map((id) => named(id, grammar.comments)),
    isTokens: ids.map((id) => isNamed[id] === true && grammar.tokens?.kind === name(id)),
    isLambda: ids.map((id) => named(id, grammar.lambdas)),
    functions: ids.map((id) => (isNamed[id] === true ? grammar.functions.get(name(id)) : undefined)),
    scopes: ids.map((id) => (isNamed[id] === true ? grammar.scopes.get(name(id)) : undefined)),
  };
}

import type { Node } from '@vscode/tree-sitter-wasm';

/** Languages that are measured by a grammar of tree-sitter. */
export type GrammarName = 'python' | 'go' | 'rust' | 'java';

/** A function of a language: the kind of its node, and its name and first line. */
export interface FunctionKind {
  /** The simple name, or undefined for a function without one. */
  readonly name: (node: Node) => string | undefined;
  /** The position in the text at whose line the function begins. */
  readonly start: (node: Node) => number;
  /** The type that a method belongs to, where its node stands outside of the type. */
  readonly owner?: (node: Node) => string | undefined;
}

/**
 * The adapter of a language: tables of node kinds of its grammar. Complexity is 1 and 1 more for each token of
 * `decisions`, as lizard counts: a keyword or an operator is a token wherever it stands, so also inside of macros.
 */
export interface Grammar {
  readonly name: GrammarName;
  /** The name for people. */
  readonly title: string;
  /** Endings of file names, in lower case. */
  readonly endings: readonly string[];
  /** Programs that start such a script from its first line. */
  readonly interpreters?: readonly string[];
  readonly decisions: ReadonlySet<string>;
  /** Kinds of nodes in which a token of `decisions` decides nothing: `?` of a wildcard, `&&` of a reference. */
  readonly undecided?: ReadonlySet<string>;
  /** Kinds of nodes that are functions when they have a body. */
  readonly functions: ReadonlyMap<string, FunctionKind>;
  /** Kinds that are functions only where no other function is around them: lambdas of fields. */
  readonly lambdas?: ReadonlySet<string>;
  /** Kinds of nodes that give their name to the functions inside of them. */
  readonly scopes: ReadonlyMap<string, (node: Node) => string | undefined>;
  readonly comments: ReadonlySet<string>;
  /** True when code outside of functions runs; elsewhere only declarations stand there. */
  readonly hasTopLevelCode?: boolean;
  /** Kinds of nodes with tokens in place of a tree, in which functions are found by their keyword. */
  readonly tokens?: { readonly kind: string; readonly keyword: string };
  /** Functions whose call runs text as code. */
  readonly evaluators?: ReadonlySet<string>;
}

/** The text of a field of a node. */
export const fieldText =
  (field: string) =>
  (node: Node): string | undefined =>
    node.childForFieldName(field)?.text;

/** The place of a field of a node; the node's own without it. */
export const fieldStart =
  (field: string) =>
  (node: Node): number =>
    node.childForFieldName(field)?.startIndex ?? node.startIndex;

/** The place of the first child that is this token; the node's own without it. */
export const tokenStart =
  (token: string) =>
  (node: Node): number =>
    node.children.find((child) => child?.type === token)?.startIndex ?? node.startIndex;

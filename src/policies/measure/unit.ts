/** Kinds of units. Overload signatures, abstract members and other bodiless forms are no units. */
export type UnitKind =
  | 'module'
  | 'function'
  | 'arrow'
  | 'method'
  | 'constructor'
  | 'getter'
  | 'setter'
  | 'field'
  | 'static';

/** One unit of a source file with its numbers. Lines count from 1. */
export interface Unit {
  /**
   * The simple name; `<module>`, `<static>`, `<anonymous>` or `[computed]` for a unit that the source leaves
   * unnamed.
   */
  readonly name: string;
  readonly kind: UnitKind;
  readonly startLine: number;
  readonly endLine: number;
  /** Cyclomatic complexity as ESLint's `complexity` counts it; nested units count for themselves. */
  readonly complexity: number;
  /** All lines from first to last inclusive, blank lines, comments and nested units too. */
  readonly lines: number;
  /** Digest of its own tokens: comments and layout do not enter, a nested unit enters as a mark. */
  readonly hash: string;
  /** Digest of its tokens with those of every unit inside it. */
  readonly wholeHash: string;
  /** The first construct in the unit that keeps code from analysis, with its line. */
  readonly hides?: { readonly what: string; readonly line: number };
}

/**
 * The reason why a whole file has no numbers. `syntax` and `size` come from the measure, the rest from the
 * analyser.
 */
export interface FileRefusal {
  readonly code:
    | 'source.language'
    | 'source.syntax'
    | 'source.size'
    | 'source.unreadable'
    | 'source.timeout'
    | 'source.crash';
  readonly line?: number;
  readonly found?: string | number;
  readonly limit?: string | number;
}

/** The numbers of one file, or the reason why there are none. */
export type Measure = { readonly units: readonly Unit[] } | { readonly refusal: FileRefusal };

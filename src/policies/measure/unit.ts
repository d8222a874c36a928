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
  /** The name with those of the classes, objects and units around it: `Cart.add`, `createPool.once`. */
  readonly qualified: string;
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
  /** True for a callback of `describe`, `it`, `test`, `suite` and their kin. */
  readonly suite?: true;
  /** The first construct in the unit that keeps code from analysis, with its line. */
  readonly hides?: { readonly what: string; readonly line: number };
}

/**
 * The reason why a whole file has no numbers. `syntax` comes from the measure, the rest from the
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

/** A file that another one brings in by a path beside its own, and the line that does. */
export interface Import {
  readonly from: string;
  readonly line: number;
}

/** The extent of a text; its bytes are known to whoever read it. */
export interface TextSize {
  readonly lines: number;
  /** UTF-16 units of the longest line. */
  readonly columns: number;
  /** The line that is longest. */
  readonly longest: number;
}

/** The numbers of one file, or the reason why there are none. A file that is no source has no units and no size. */
export type Measure =
  | {
      readonly units: readonly Unit[];
      readonly size?: TextSize;
      readonly imports?: readonly Import[];
      /** The language of a program that has no adapter. */
      readonly unmeasured?: string;
    }
  | { readonly refusal: FileRefusal };

import type { UnitLines } from '../close-unit.ts';
import type { Unit, UnitKind } from '../unit.ts';

/** A unit of a tree that is being counted. */
export interface TreeUnit {
  readonly name: string;
  readonly qualified: string;
  readonly kind: UnitKind;
  readonly start: number;
  readonly end: number;
  readonly depth: number;
  readonly outer: TreeUnit | undefined;
  /** Index among the units, in the order of their beginnings. */
  readonly index: number;
  readonly parts: string[];
  readonly inside: string[];
  complexity: number;
  /** Index behind the last token. */
  last: number;
  hides: Unit['hides'];
}

/** The lines of a unit, by the line of an index. */
export function treeLines({ start, last }: TreeUnit, lineOf: (index: number) => number): UnitLines {
  const startLine = lineOf(start);
  return { startLine, endLine: Math.max(startLine, lineOf(Math.max(start, last - 1))) };
}

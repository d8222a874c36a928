import { defined } from '../../lib/defined.ts';
import type { Unit, UnitKind } from './unit.ts';

/** A unit that is counted, of any language, with the digests of the units inside of it. */
export interface CountedUnit {
  readonly name: string;
  readonly qualified: string;
  readonly kind: UnitKind;
  readonly complexity: number;
  readonly parts: readonly string[];
  readonly inside: readonly string[];
  readonly outer: { readonly inside: string[] } | undefined;
  readonly suite?: true | undefined;
  readonly hides: Unit['hides'];
}

/** The lines of a unit, both included. */
export interface UnitLines {
  readonly startLine: number;
  readonly endLine: number;
}

/** Closes a unit whose children are all counted; adds its whole digest to the unit around it. */
export function closeUnit(
  unit: CountedUnit,
  { startLine, endLine }: UnitLines,
  digest: (text: string) => string,
): Unit {
  const { name, qualified, kind, complexity, suite, hides } = unit;
  const hash = digest(unit.parts.join('\u0000'));
  const wholeHash = unit.inside.length === 0 ? hash : digest([hash, ...unit.inside].join('\u0000'));
  unit.outer?.inside.push(wholeHash);
  return {
    name,
    qualified,
    kind,
    startLine,
    endLine,
    complexity,
    lines: endLine - startLine + 1,
    hash,
    wholeHash,
    ...defined({ suite, hides }),
  };
}

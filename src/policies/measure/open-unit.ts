import { ts } from 'ts-morph';
import type { UnitLines } from './close-unit.ts';
import { ofKind } from './kinds.ts';
import type { Unit, UnitKind } from './unit.ts';

/** A unit that is being counted. */
export interface OpenUnit {
  readonly name: string;
  readonly qualified: string;
  readonly kind: UnitKind;
  readonly suite: true | undefined;
  readonly start: number;
  readonly end: number;
  readonly outer: OpenUnit | undefined;
  readonly parts: string[];
  readonly inside: string[];
  /** Index among the units, in the order of their beginnings. */
  readonly index: number;
  complexity: number;
  hides: Unit['hides'];
}

const isElsewhere = ofKind(
  ts.SyntaxKind.Decorator,
  ts.SyntaxKind.ExportKeyword,
  ts.SyntaxKind.DefaultKeyword,
  ts.SyntaxKind.DeclareKeyword,
);

/** The position at which the function itself begins: after its decorators and `export default`, as in ESTree. */
export function unitStart(node: ts.Node, file: ts.SourceFile): number {
  const before = (node as { modifiers?: readonly ts.Node[] }).modifiers ?? [];
  let start = node.getStart(file);
  for (const modifier of before) {
    if (!isElsewhere(modifier)) return modifier.getStart(file);
    start = modifier.end;
  }
  return before.length === 0 ? start : skipBlank(file.text, start);
}

// The first character of a token after `from`; comments may stand between a decorator and its function.
function skipBlank(text: string, from: number): number {
  const blank = /(?:\s|\/\/[^\n\r\u2028\u2029]*|\/\*[\s\S]*?\*\/)*/y;
  blank.lastIndex = from;
  return from + (blank.exec(text)?.[0].length ?? 0);
}

/** The lines of an open unit. */
export const linesOf = ({ start, end }: OpenUnit, file: ts.SourceFile): UnitLines => ({
  startLine: file.getLineAndCharacterOfPosition(start).line + 1,
  endLine: file.getLineAndCharacterOfPosition(end).line + 1,
});

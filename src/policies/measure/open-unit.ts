import { ts } from 'ts-morph';
import { defined } from '../../lib/defined.ts';
import type { Unit, UnitKind } from './unit.ts';

/** A unit that is being counted. */
export interface OpenUnit {
  readonly name: string;
  readonly kind: UnitKind;
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

const elsewhere = new Set<ts.SyntaxKind>([
  ts.SyntaxKind.Decorator,
  ts.SyntaxKind.ExportKeyword,
  ts.SyntaxKind.DefaultKeyword,
  ts.SyntaxKind.DeclareKeyword,
]);

/** The position at which the function itself begins: after its decorators and `export default`, as in ESTree. */
export function unitStart(node: ts.Node, file: ts.SourceFile): number {
  const before = (node as { modifiers?: readonly ts.Node[] }).modifiers ?? [];
  let start = node.getStart(file);
  for (const modifier of before) {
    if (!elsewhere.has(modifier.kind)) return modifier.getStart(file);
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

/** The unit of an open unit whose children are all counted; adds its whole digest to the outer unit. */
export function closeUnit(unit: OpenUnit, file: ts.SourceFile, digest: (text: string) => string): Unit {
  const hash = digest(unit.parts.join('\u0000'));
  const wholeHash = unit.inside.length === 0 ? hash : digest([hash, ...unit.inside].join('\u0000'));
  unit.outer?.inside.push(wholeHash);
  const startLine = file.getLineAndCharacterOfPosition(unit.start).line + 1;
  const endLine = file.getLineAndCharacterOfPosition(unit.end).line + 1;
  return {
    name: unit.name,
    kind: unit.kind,
    startLine,
    endLine,
    complexity: unit.complexity,
    lines: endLine - startLine + 1,
    hash,
    wholeHash,
    ...defined({ hides: unit.hides }),
  };
}

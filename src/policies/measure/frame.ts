import { ts } from 'ts-morph';
import { defined } from '../../lib/defined.ts';
import type { Unit, UnitKind } from './unit.ts';

/** A unit that is being counted. */
export interface Frame {
  readonly name: string;
  readonly kind: UnitKind;
  readonly start: number;
  readonly end: number;
  readonly outer: Frame | undefined;
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

/** The unit of a frame whose children are all counted; adds its whole digest to the outer frame. */
export function closeFrame(frame: Frame, file: ts.SourceFile, digest: (text: string) => string): Unit {
  const hash = digest(frame.parts.join('\u0000'));
  const wholeHash = frame.inside.length === 0 ? hash : digest([hash, ...frame.inside].join('\u0000'));
  frame.outer?.inside.push(wholeHash);
  const startLine = file.getLineAndCharacterOfPosition(frame.start).line + 1;
  const endLine = file.getLineAndCharacterOfPosition(frame.end).line + 1;
  return {
    name: frame.name,
    kind: frame.kind,
    startLine,
    endLine,
    complexity: frame.complexity,
    lines: endLine - startLine + 1,
    hash,
    wholeHash,
    ...defined({ hides: frame.hides }),
  };
}

import { ts } from 'ts-morph';
import { ofKind } from './kinds.ts';

const { SyntaxKind } = ts;

// Only inside these kinds can a slash, a quote or a space mean anything but itself.
const isVerbatim = ofKind(
  SyntaxKind.Identifier,
  SyntaxKind.PrivateIdentifier,
  SyntaxKind.NumericLiteral,
  SyntaxKind.BigIntLiteral,
  SyntaxKind.StringLiteral,
  SyntaxKind.RegularExpressionLiteral,
  SyntaxKind.NoSubstitutionTemplateLiteral,
  SyntaxKind.TemplateHead,
  SyntaxKind.TemplateMiddle,
  SyntaxKind.TemplateTail,
  SyntaxKind.JsxText,
);

// Between two tokens there are only punctuation, keywords, blanks and comments.
const trivia = /^#![^\n\r]*|\/\/[^\n\r\u2028\u2029]*|\/\*[\s\S]*?\*\/|\s+/g;

/** Collects the tokens of units without comments and layout, in the order of the text. */
export interface Tokens {
  /** Takes the text before `position` that was not taken yet. */
  upTo(parts: string[], position: number): void;
  /** Takes `node`: its kind, and its text when it is a name or a literal. */
  node(parts: string[], node: ts.Node): void;
}

/** Creates the collector of one file; it must be fed positions and nodes in ascending order. */
export function tokensOf(file: ts.SourceFile): Tokens {
  const { text } = file;
  let taken = 0;
  const upTo = (parts: string[], position: number): void => {
    if (position <= taken) return;
    parts.push(text.slice(taken, position).replace(trivia, ''));
    taken = position;
  };
  const node = (parts: string[], node: ts.Node): void => {
    // The kinds tell apart tokens whose bare characters look alike: `a + ++b` and `a++ + b`.
    parts.push(String.fromCharCode(node.kind));
    if (!isVerbatim(node)) return;
    const isJsxText = node.kind === SyntaxKind.JsxText;
    upTo(parts, isJsxText ? node.pos : node.getStart(file));
    parts.push(verbatimText(text.slice(taken, node.end), isJsxText));
    taken = Math.max(taken, node.end);
  };
  return { upTo, node };
}

const verbatimText = (raw: string, isJsxText: boolean): string =>
  isJsxText ? raw.replace(/\s+/g, ' ') : unixLines(raw);

// Names are most of what is verbatim: looking first spares a replacement that takes a tenth of the time of a file.
const unixLines = (raw: string): string => (raw.includes('\r') ? raw.replaceAll('\r\n', '\n') : raw);

import { ts } from 'ts-morph';

/** A comment of a source file: its text without marks, its source lines, and the line of its beginning. */
export interface SourceComment {
  readonly text: string;
  readonly line: number;
}

/** Words that open a question and no statement: a comment that opens with one hides its subject. */
const question = /^(?:What|Why|Whether|Who|Where|How)\b/;

/** Parses a source file for reading its comments. */
export const parsed = (path: string, text: string): ts.SourceFile =>
  ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true);

/** Every comment of a file, in order; neighbouring lines that begin with `//` are one comment. */
export function commentsOf(file: ts.SourceFile): SourceComment[] {
  const ranges = new Map<number, number>();
  const add = (found: readonly ts.CommentRange[] | undefined): void => {
    for (const { pos, end } of found ?? []) ranges.set(pos, end);
  };
  const visit = (node: ts.Node): void => {
    add(ts.getLeadingCommentRanges(file.text, node.getFullStart()));
    const children = node.getChildren(file);
    if (children.length === 0) add(ts.getTrailingCommentRanges(file.text, node.getEnd()));
    for (const child of children) visit(child);
  };
  visit(file);
  return joined(
    file,
    [...ranges].sort(([one], [other]) => one - other),
  );
}

/** True when the comment at `pos` is the next line of one that has lines of its own. */
const goesOn = (text: string, last: { readonly pos: number; readonly end: number }, pos: number): boolean =>
  text.startsWith('//', last.pos) &&
  text.startsWith('//', pos) &&
  /^\n[ \t]*$/.test(text.slice(last.end, pos)) &&
  text.slice(text.lastIndexOf('\n', last.pos) + 1, last.pos).trim() === '';

function joined(file: ts.SourceFile, ranges: readonly (readonly [number, number])[]): SourceComment[] {
  const found: { pos: number; end: number }[] = [];
  for (const [pos, end] of ranges) {
    const last = found.at(-1);
    if (last !== undefined && goesOn(file.text, last, pos)) last.end = end;
    else found.push({ pos, end });
  }
  return found.map(({ pos, end }) => ({
    text: file.text
      .slice(pos, end)
      .split('\n')
      .map((line) => line.trim().replace(/^(?:\/\/|\/\*\*?|\*(?!\/))\s?|\s*\*\/$/g, ''))
      .join('\n')
      .trim(),
    line: file.getLineAndCharacterOfPosition(pos).line + 1,
  }));
}

/** The sentences and lines of a text that open with a word of a question. */
export const questionsIn = (text: string): string[] =>
  [...text.split('\n'), ...text.replaceAll('\n', ' ').split(/(?<=[.!?]['"”)*]*)\s+/)].filter((part) =>
    question.test(part),
  );

/** The paragraphs, list items and headings of a Markdown text that open with such a word, each with its line. */
export function questionsInProse(markdown: string): SourceComment[] {
  const found: SourceComment[] = [];
  let isCode = false;
  let before = '';
  for (const [at, line] of markdown.split('\n').entries()) {
    if (/^\s*(?:```|~~~)/.test(line)) isCode = !isCode;
    const [, mark = '', text = ''] =
      /^\s*(#{1,6}\s+|[-*+]\s+|\d+[.)]\s+|>\s*)?[*_"“[]*(.*)$/.exec(line) ?? [];
    const opens = mark !== '' || before.trim() === '';
    if (!isCode && opens && question.test(text)) found.push({ text: line.trim(), line: at + 1 });
    before = /^\s*(?:```|~~~|#)/.test(line) ? '' : line;
  }
  return found;
}

const isDeclaration = (node: ts.Node): node is ts.DeclarationStatement =>
  ts.isFunctionDeclaration(node) ||
  ts.isClassDeclaration(node) ||
  ts.isInterfaceDeclaration(node) ||
  ts.isTypeAliasDeclaration(node);

const isExported = (node: ts.Statement): boolean =>
  ts.canHaveModifiers(node) &&
  (ts.getModifiers(node) ?? []).some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword);

/** The name of an exported function, class, interface or type; undefined for any other statement. */
function exportedName(node: ts.Statement): string | undefined {
  if (!isExported(node)) return undefined;
  if (isDeclaration(node)) return node.name?.getText() ?? 'default';
  const [variable] = ts.isVariableStatement(node) ? node.declarationList.declarations : [];
  const value = variable?.initializer;
  if (value === undefined || !(ts.isArrowFunction(value) || ts.isFunctionExpression(value))) return undefined;
  return variable?.name.getText();
}

/** Exported functions, classes, interfaces and types by name: true for those with a comment `/** … *\/`. */
export function documentedExports(file: ts.SourceFile): ReadonlyMap<string, boolean> {
  const found = new Map<string, boolean>();
  for (const node of file.statements) {
    const name = exportedName(node);
    if (name === undefined) continue;
    const isDocumented = ts.getJSDocCommentsAndTags(node).length > 0;
    found.set(name, isDocumented || found.get(name) === true);
  }
  return found;
}

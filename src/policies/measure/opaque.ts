import { ts } from 'ts-morph';
import { ofKind } from './kinds.ts';

const { SyntaxKind } = ts;

const globals = new Set(['globalThis', 'window', 'self', 'global']);
const timers = new Set(['setTimeout', 'setInterval', 'setImmediate', 'execScript']);

const mayHide = ofKind(
  SyntaxKind.Identifier,
  SyntaxKind.PropertyAccessExpression,
  SyntaxKind.ElementAccessExpression,
  SyntaxKind.CallExpression,
  SyntaxKind.NewExpression,
  SyntaxKind.ImportDeclaration,
  SyntaxKind.ExportDeclaration,
);

/**
 * The construct by which `node` keeps code from analysis, or undefined: a reference to `eval`, a call of
 * `Function`, a timer that is given text, an import of a `data:` URL; in a declaration file anything that
 * runs. Only these direct spellings are found: a program that reaches the compiler by reflection
 * (`(() => {}).constructor`) passes.
 */
export function hidden(
  node: ts.Node,
  parent: ts.Node | undefined,
  isDeclarationFile: boolean,
): string | undefined {
  if (isDeclarationFile && runs(node)) return 'code in a declaration file';
  return mayHide(node) ? hiddenIn(node, parent) : undefined;
}

function hiddenIn(node: ts.Node, parent: ts.Node | undefined): string | undefined {
  // Most nodes are names.
  if (ts.isIdentifier(node)) return node.text === 'eval' && isReference(node, parent) ? 'eval' : undefined;
  if (isCall(node)) return hiddenCall(node);
  if (isImport(node)) return isDataUrl(node.moduleSpecifier) ? dataImport : undefined;
  return globalMember(node) === 'eval' ? 'eval' : undefined;
}

const dataImport = 'import of a data: URL';

const isCall = (node: ts.Node): node is ts.CallExpression | ts.NewExpression =>
  ts.isCallExpression(node) || ts.isNewExpression(node);

const isImport = (node: ts.Node): node is ts.ImportDeclaration | ts.ExportDeclaration =>
  ts.isImportDeclaration(node) || ts.isExportDeclaration(node);

const isBody = (node: ts.Node): boolean =>
  ts.isBlock(node) || ts.isClassStaticBlockDeclaration(node) || ts.isArrowFunction(node);

function runs(node: ts.Node): boolean {
  if (isCall(node) || isBody(node)) return true;
  if (node.kind < SyntaxKind.FirstStatement || node.kind > SyntaxKind.LastStatement) return false;
  return !ts.isVariableStatement(node) && !ts.isEmptyStatement(node);
}

function isReference(node: ts.Identifier, parent: ts.Node | undefined): boolean {
  if (parent === undefined || ts.isShorthandPropertyAssignment(parent)) return true;
  const holder = parent as { name?: ts.Node; propertyName?: ts.Node };
  return holder.name !== node && holder.propertyName !== node;
}

function hiddenCall(node: ts.NewExpression | ts.CallExpression): string | undefined {
  const callee = bare(node.expression);
  const first = node.arguments?.[0];
  if (callee.kind === SyntaxKind.ImportKeyword) return isDataUrl(first) ? dataImport : undefined;
  const name = ts.isIdentifier(callee) ? callee.text : globalMember(callee);
  if (name === 'Function') return 'new Function';
  return isTimer(name) && isText(first) ? `${name} with text` : undefined;
}

const isTimer = (name: string | undefined): boolean => name !== undefined && timers.has(name);

/** The member name when `node` is a member of the global object, spelled `window.x` or `window['x']`. */
function globalMember(node: ts.Node): string | undefined {
  if (!ts.isPropertyAccessExpression(node) && !ts.isElementAccessExpression(node)) return undefined;
  const object = bare(node.expression);
  if (!ts.isIdentifier(object) || !globals.has(object.text)) return undefined;
  if (ts.isPropertyAccessExpression(node)) return node.name.text;
  return ts.isStringLiteralLike(node.argumentExpression) ? node.argumentExpression.text : undefined;
}

function bare(node: ts.Expression): ts.Expression {
  let inner = node;
  while (ts.isParenthesizedExpression(inner) || ts.isAsExpression(inner) || ts.isNonNullExpression(inner)) {
    inner = inner.expression;
  }
  return inner;
}

function isText(node: ts.Expression | undefined): boolean {
  let left = node;
  while (left !== undefined) {
    left = bare(left);
    if (ts.isStringLiteralLike(left) || ts.isTemplateExpression(left)) return true;
    if (!ts.isBinaryExpression(left) || left.operatorToken.kind !== SyntaxKind.PlusToken) return false;
    const right = bare(left.right);
    if (ts.isStringLiteralLike(right) || ts.isTemplateExpression(right)) return true;
    left = left.left;
  }
  return false;
}

const isDataUrl = (node: ts.Expression | undefined): boolean =>
  node !== undefined && ts.isStringLiteralLike(node) && /^\s*data:/i.test(node.text);

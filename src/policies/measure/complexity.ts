import { ts } from 'ts-morph';

const { SyntaxKind } = ts;

const always = new Set<ts.SyntaxKind>([
  SyntaxKind.IfStatement,
  SyntaxKind.ConditionalExpression,
  SyntaxKind.ForStatement,
  SyntaxKind.ForInStatement,
  SyntaxKind.ForOfStatement,
  SyntaxKind.WhileStatement,
  SyntaxKind.DoStatement,
  SyntaxKind.CatchClause,
  SyntaxKind.CaseClause,
  // Any `?.`, of a member or of a call, is a separate token in the tree.
  SyntaxKind.QuestionDotToken,
]);

const shortCircuit = new Set<ts.SyntaxKind>([
  SyntaxKind.AmpersandAmpersandToken,
  SyntaxKind.BarBarToken,
  SyntaxKind.QuestionQuestionToken,
  SyntaxKind.AmpersandAmpersandEqualsToken,
  SyntaxKind.BarBarEqualsToken,
  SyntaxKind.QuestionQuestionEqualsToken,
]);

/**
 * The complexity that `node` itself adds to its unit: 0 or 1, as ESLint 10's rule `complexity` (variant
 * `classic`) counts. `target` is true when an assignment writes to the node, so that `=` is a default value.
 */
export function decisionPoints(node: ts.Node, target: boolean): number {
  if (always.has(node.kind)) return 1;
  if (ts.isBinaryExpression(node)) return binaryPoints(node, target);
  if (ts.isParameter(node) || ts.isBindingElement(node)) return node.initializer === undefined ? 0 : 1;
  if (ts.isShorthandPropertyAssignment(node)) return node.objectAssignmentInitializer === undefined ? 0 : 1;
  return 0;
}

function binaryPoints(node: ts.BinaryExpression, target: boolean): number {
  if (shortCircuit.has(node.operatorToken.kind)) return 1;
  return target && isAssignment(node) ? 1 : 0;
}

const isAssignment = (node: ts.Node): node is ts.BinaryExpression =>
  ts.isBinaryExpression(node) && node.operatorToken.kind === SyntaxKind.EqualsToken;

/**
 * True when a destructuring assignment writes to `child` of `parent`; `target` is the same for the parent.
 * The tree has no kind for assignment patterns: `[a = 1] = b` is an array literal left of `=`.
 */
export function isTarget(child: ts.Node, parent: ts.Node, target: boolean): boolean {
  if (isAssignment(parent)) return child === parent.left && (target || isPattern(child));
  if (ts.isForOfStatement(parent) || ts.isForInStatement(parent)) {
    return child === parent.initializer && isPattern(child);
  }
  return target && passesOn(child, parent);
}

function passesOn(child: ts.Node, parent: ts.Node): boolean {
  if (ts.isPropertyAssignment(parent)) return child === parent.initializer;
  return isPattern(parent) || ts.isSpreadElement(parent) || ts.isSpreadAssignment(parent);
}

const isPattern = (node: ts.Node): boolean =>
  ts.isArrayLiteralExpression(node) || ts.isObjectLiteralExpression(node);

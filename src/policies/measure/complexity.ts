import { ts } from 'ts-morph';
import { ofKind } from './kinds.ts';

const { SyntaxKind } = ts;

const isDecision = ofKind(
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
);

const isShortCircuit = ofKind(
  SyntaxKind.AmpersandAmpersandToken,
  SyntaxKind.BarBarToken,
  SyntaxKind.QuestionQuestionToken,
  SyntaxKind.AmpersandAmpersandEqualsToken,
  SyntaxKind.BarBarEqualsToken,
  SyntaxKind.QuestionQuestionEqualsToken,
);

const mayDecide = ofKind(
  SyntaxKind.BinaryExpression,
  SyntaxKind.Parameter,
  SyntaxKind.BindingElement,
  SyntaxKind.ShorthandPropertyAssignment,
);

const mayWrite = ofKind(SyntaxKind.BinaryExpression, SyntaxKind.ForOfStatement, SyntaxKind.ForInStatement);

/**
 * The complexity that `node` itself adds to its unit: 0 or 1, as ESLint 10's rule `complexity` (variant
 * `classic`) counts. `target` is true when an assignment writes to the node, so that `=` is a default value.
 */
export function decisionPoints(node: ts.Node, target: boolean): number {
  if (isDecision(node)) return 1;
  return mayDecide(node) ? pointsOf(node, target) : 0;
}

function pointsOf(node: ts.Node, target: boolean): number {
  if (ts.isBinaryExpression(node)) return binaryPoints(node, target);
  if (ts.isParameter(node) || ts.isBindingElement(node)) return node.initializer === undefined ? 0 : 1;
  if (ts.isShorthandPropertyAssignment(node)) return node.objectAssignmentInitializer === undefined ? 0 : 1;
  return 0;
}

function binaryPoints(node: ts.BinaryExpression, target: boolean): number {
  if (isShortCircuit(node.operatorToken)) return 1;
  return target && isAssignment(node) ? 1 : 0;
}

const isAssignment = (node: ts.Node): node is ts.BinaryExpression =>
  ts.isBinaryExpression(node) && node.operatorToken.kind === SyntaxKind.EqualsToken;

/**
 * True when a destructuring assignment writes to `child` of `parent`; `target` is the same for the parent.
 * The tree has no kind for assignment patterns: `[a = 1] = b` is an array literal left of `=`.
 */
export const isTarget = (child: ts.Node, parent: ts.Node, target: boolean): boolean =>
  mayWrite(parent) ? isWritten(child, parent, target) : target && passesOn(child, parent);

function isWritten(child: ts.Node, parent: ts.Node, target: boolean): boolean {
  if (isAssignment(parent)) return child === parent.left && (target || isPattern(child));
  if (ts.isForOfStatement(parent) || ts.isForInStatement(parent))
    return child === parent.initializer && isPattern(child);
  // Another binary expression writes to nothing, and passes nothing on.
  return false;
}

function passesOn(child: ts.Node, parent: ts.Node): boolean {
  if (ts.isPropertyAssignment(parent)) return child === parent.initializer;
  return isPattern(parent) || ts.isSpreadElement(parent) || ts.isSpreadAssignment(parent);
}

const isPattern = (node: ts.Node): boolean =>
  ts.isArrayLiteralExpression(node) || ts.isObjectLiteralExpression(node);

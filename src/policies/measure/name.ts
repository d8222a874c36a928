import { ts } from 'ts-morph';
import { ofKind } from './kinds.ts';
import { cleanName } from './names.ts';
import type { UnitKind } from './unit.ts';

const { SyntaxKind } = ts;

const kinds = new Map<ts.SyntaxKind, UnitKind>([
  [SyntaxKind.FunctionDeclaration, 'function'],
  [SyntaxKind.FunctionExpression, 'function'],
  [SyntaxKind.ArrowFunction, 'arrow'],
  [SyntaxKind.MethodDeclaration, 'method'],
  [SyntaxKind.Constructor, 'constructor'],
  [SyntaxKind.GetAccessor, 'getter'],
  [SyntaxKind.SetAccessor, 'setter'],
  [SyntaxKind.ClassStaticBlockDeclaration, 'static'],
]);

/** The kind of unit that `node` is; undefined for a node that is no function, or one without a body. */
export function unitKind(node: ts.Node): UnitKind | undefined {
  const kind = kinds.get(node.kind);
  if (kind === undefined) return undefined;
  return (node as ts.FunctionLikeDeclaration).body === undefined ? undefined : kind;
}

/** The simple name of a unit: its own, or that of the variable, property or target that it is assigned to. */
export function unitName(node: ts.Node, parent: ts.Node | undefined, kind: UnitKind): string {
  if (kind === 'constructor') return 'constructor';
  if (kind === 'static') return '<static>';
  const own = nameText((node as { name?: ts.Node }).name);
  return cleanName(own ?? givenName(node, parent) ?? '<anonymous>');
}

/** The name of a field, for the unit of its initializer. */
export const fieldName = (field: ts.PropertyDeclaration): string =>
  cleanName(nameText(field.name) ?? '<anonymous>');

const mayName = ofKind(
  SyntaxKind.ObjectLiteralExpression,
  SyntaxKind.ClassDeclaration,
  SyntaxKind.ClassExpression,
  SyntaxKind.ModuleDeclaration,
);

/** The name that a class, a namespace or an object with a name gives to those inside it; undefined for other nodes. */
export function scopeName(node: ts.Node, parent: ts.Node | undefined): string | undefined {
  if (!mayName(node)) return undefined;
  if (ts.isObjectLiteralExpression(node)) return givenName(node, parent);
  if (ts.isClassLike(node)) return cleanName(nameText(node.name) ?? givenName(node, parent) ?? '<class>');
  return ts.isModuleDeclaration(node) ? cleanName(nameText(node.name) ?? '<namespace>') : undefined;
}

function givenName(node: ts.Node, parent: ts.Node | undefined): string | undefined {
  if (parent === undefined) return undefined;
  if (ts.isBinaryExpression(parent)) return parent.right === node ? targetText(parent.left) : undefined;
  if (ts.isExportAssignment(parent)) return 'default';
  const holder = parent as { name?: ts.Node; initializer?: ts.Node };
  return holder.initializer === node ? nameText(holder.name) : undefined;
}

function targetText(target: ts.Node): string | undefined {
  if (ts.isPropertyAccessExpression(target)) return nameText(target.name);
  return ts.isIdentifier(target) ? target.text : undefined;
}

function nameText(name: ts.Node | undefined): string | undefined {
  if (name === undefined) return undefined;
  if (ts.isIdentifier(name) || ts.isPrivateIdentifier(name)) return name.text;
  if (ts.isStringLiteralLike(name) || ts.isNumericLiteral(name)) return name.text;
  return ts.isComputedPropertyName(name) ? '[computed]' : undefined;
}

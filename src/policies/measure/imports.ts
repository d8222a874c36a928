import { ts } from 'ts-morph';
import { ofKind } from './kinds.ts';
import type { Import } from './unit.ts';

/** Most nodes are of other kinds: looking at these alone takes a twentieth off the time of a file. */
const mayBring = ofKind(
  ts.SyntaxKind.CallExpression,
  ts.SyntaxKind.NewExpression,
  ts.SyntaxKind.ImportDeclaration,
  ts.SyntaxKind.ExportDeclaration,
  ts.SyntaxKind.ExternalModuleReference,
);

/** The file that `node` brings in by a path beside its own: an import, an export, `require`, `new URL(…, import.meta.url)`. */
export function importOf(node: ts.Node, file: ts.SourceFile): Import | undefined {
  if (!mayBring(node)) return undefined;
  const from = specifierOf(node);
  if (from === undefined || !ts.isStringLiteralLike(from) || !from.text.startsWith('.')) return undefined;
  return { from: from.text, line: file.getLineAndCharacterOfPosition(from.getStart(file)).line + 1 };
}

function specifierOf(node: ts.Node): ts.Node | undefined {
  if (ts.isCallExpression(node)) return isLoader(node.expression) ? node.arguments[0] : undefined;
  if (ts.isNewExpression(node)) return isNamed(node.expression, 'URL') ? node.arguments?.[0] : undefined;
  return ts.isExternalModuleReference(node) ? node.expression : declared(node);
}

/** The module that a declaration names; types alone run nothing. */
function declared(node: ts.Node): ts.Node | undefined {
  if (ts.isExportDeclaration(node)) return node.isTypeOnly ? undefined : node.moduleSpecifier;
  if (!ts.isImportDeclaration(node)) return undefined;
  return node.importClause?.phaseModifier === ts.SyntaxKind.TypeKeyword ? undefined : node.moduleSpecifier;
}

const loaders = new Set(['require', 'importActual', 'requireActual', 'importMock', 'resolve']);

/** `require`, `import(…)`, and the members of loaders: `require.resolve`, `vi.importActual`. */
function isLoader(callee: ts.Expression): boolean {
  if (callee.kind === ts.SyntaxKind.ImportKeyword || isNamed(callee, 'require')) return true;
  return ts.isPropertyAccessExpression(callee) && loaders.has(callee.name.text);
}

const isNamed = (node: ts.Expression, name: string): boolean => ts.isIdentifier(node) && node.text === name;

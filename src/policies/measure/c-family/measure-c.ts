import { cFamily } from '../../languages/c-family.ts';
import { linesOf } from '../lines.ts';
import { cleanName, within } from '../names.ts';
import { sizeOf } from '../size.ts';
import type { Measure, Unit } from '../unit.ts';
import { isMemberInit, openedBy } from './declaration.ts';
import { type CToken, cTokens } from './lexer.ts';

/** A function whose body is being read. */
interface OpenFunction {
  readonly name: string;
  readonly qualified: string;
  readonly start: number;
  readonly parts: string[];
  complexity: number;
  /** Open braces of the body. */
  depth: number;
}

/** A condition of the preprocessor: the function that was open before it, and the depth of braces. */
interface OpenCondition {
  readonly inside: OpenFunction | undefined;
  readonly depth: number;
}

interface CWalk {
  readonly lineOf: (index: number) => number;
  readonly digest: (text: string) => string;
  readonly units: Unit[];
  readonly outside: string[];
  /** Names of the scopes that are open; undefined for a block that is none. */
  readonly scopes: (string | undefined)[];
  /** Conditions of the preprocessor that are open, with the braces before them. */
  readonly conditions: OpenCondition[];
  /** Tokens of the declaration that is being read. */
  declaration: CToken[];
  /** The head of a function in the old style, whose parameters are declared behind it. */
  head: CToken[];
  parens: number;
  /** Open braces of the initializer of a member, which is passed over. */
  skipped: number;
  inside: OpenFunction | undefined;
}

const declarationTokensMax = 20_000;

/**
 * The units of a text in C or C++. Complexity and length are those of lizard: tokens that decide, and lines from the
 * name to the last brace. Branches of the preprocessor begin with the braces that were open before the first of them,
 * so that a function whose head or whose braces stand in several branches has an end.
 */
export function measureC(text: string, digest: (text: string) => string): Measure {
  const walk: CWalk = {
    ...{ lineOf: linesOf(text), digest, units: [], outside: [], scopes: [], conditions: [] },
    ...{ declaration: [], head: [], parens: 0, skipped: 0, inside: undefined },
  };
  const nul = text.indexOf('\u0000');
  if (nul >= 0) return fault(walk.lineOf(nul), 'a NUL byte');
  for (const token of cTokens(text)) {
    if (token.text.startsWith('#')) directive(walk, token);
    else if (walk.inside === undefined) outside(walk, token);
    else inside(walk, walk.inside, token);
  }
  if (walk.inside !== undefined)
    return fault(walk.lineOf(walk.inside.start), `the end of \`${walk.inside.name}\` is missing`);
  const hash = digest(walk.outside.join('\u0000'));
  const endLine = walk.lineOf(text.length);
  const ends = { startLine: 1, endLine, lines: endLine, complexity: 1, hash, wholeHash: hash };
  const module: Unit = { name: '<module>', qualified: '<module>', kind: 'module', ...ends };
  return { units: [module, ...walk.units], size: sizeOf(text) };
}

const fault = (line: number, found: string): Measure => ({ refusal: { code: 'source.syntax', line, found } });

/** A directive decides inside of a function; its branches share the braces that were open before it. */
function directive(walk: CWalk, { text }: CToken): void {
  if (walk.inside !== undefined) count(walk.inside, text);
  if (text.startsWith('#if')) walk.conditions.push(conditionIn(walk));
  else if (text.startsWith('#el')) restore(walk, walk.conditions.at(-1));
  else if (text === '#endif') endCondition(walk);
}

const conditionIn = ({ inside: open, scopes }: CWalk): OpenCondition => ({
  inside: open,
  depth: open?.depth ?? scopes.length,
});

function endCondition({ conditions, inside: open }: CWalk): void {
  conditions.pop();
  if (open?.depth === 0) open.depth = 1;
}

function restore({ inside: open, scopes, declaration }: CWalk, before: OpenCondition | undefined): void {
  if (before === undefined) return;
  if (open === undefined) {
    scopes.length = Math.min(scopes.length, before.depth);
    declaration.length = 0;
    return;
  }
  // A function that began in the branch before has its brace in this one again.
  open.depth = open === before.inside ? before.depth : 0;
}

function count(unit: OpenFunction, text: string): void {
  if (cFamily.decisions.has(text)) unit.complexity += 1;
  if (isReference(unit.parts, text)) unit.complexity -= 1;
  unit.parts.push(text);
}

const behindReference = new Set([')', ',', '>', '...']);

/** True when this token tells that the `&&` before it was no operator: `auto&& a = b`, `(T&&)`. */
function isReference(parts: readonly string[], text: string): boolean {
  if (parts.at(-1) === '&&') return behindReference.has(text);
  return (text === '=' || text === ':') && parts.at(-2) === '&&' && parts.at(-3) !== ')';
}

function inside(walk: CWalk, unit: OpenFunction, token: CToken): void {
  count(unit, token.text);
  if (token.text === '{') unit.depth += 1;
  if (token.text !== '}') return;
  unit.depth -= 1;
  if (unit.depth > 0) return;
  walk.inside = undefined;
  walk.units.push(closed(walk, unit, token.end));
}

function closed({ lineOf, digest }: CWalk, unit: OpenFunction, end: number): Unit {
  const { name, qualified, complexity } = unit;
  const [startLine, endLine] = [lineOf(unit.start), lineOf(end - 1)];
  const hash = digest(unit.parts.join('\u0000'));
  const lines = endLine - startLine + 1;
  return { name, qualified, kind: 'function', startLine, endLine, complexity, lines, hash, wholeHash: hash };
}

function outside(walk: CWalk, token: CToken): void {
  walk.outside.push(token.text);
  if (walk.skipped > 0) skip(walk, token);
  else if (token.text === '{') brace(walk, token);
  else if (token.text === '}') {
    walk.scopes.pop();
    renew(walk);
  } else declared(walk, token);
}

/** Takes a token of a declaration. */
function declared(walk: CWalk, token: CToken): void {
  const { text } = token;
  if (text === '(') walk.parens += 1;
  if (text === ')') walk.parens = Math.max(0, walk.parens - 1);
  if (text === ';' && walk.parens === 0) ended(walk);
  else if (isLabel(walk, text)) renew(walk);
  else if (walk.declaration.length < declarationTokensMax) walk.declaration.push(token);
}

function skip(walk: CWalk, token: CToken): void {
  if (token.text === '{') walk.skipped += 1;
  if (token.text === '}') walk.skipped -= 1;
  if (walk.skipped === 0) walk.declaration.push(token);
}

const labels = new Set(['public', 'private', 'protected']);
const isLabel = ({ declaration }: CWalk, text: string): boolean =>
  text === ':' && declaration.length === 1 && labels.has(declaration[0]?.text ?? '');

function renew(walk: CWalk): void {
  walk.declaration = [];
  walk.head = [];
  walk.parens = 0;
}

/** A declaration that ends: a parameter in the old style belongs to the head before it. */
function ended(walk: CWalk): void {
  const { declaration, head } = walk;
  const isHead =
    declaration.some(({ text }) => text === '(') && !declaration.some(({ text }) => text === '=');
  renew(walk);
  if (head.length > 0 && !declaration.some(({ text }) => text === '(')) walk.head = head;
  else if (isHead && declaration.at(-1)?.text !== ')') walk.head = declaration;
}

function brace(walk: CWalk, token: CToken): void {
  const { scopes } = walk;
  // Inside of an initializer or an enumeration nothing is a function.
  if (scopes.length > 0 && scopes.at(-1) === undefined) {
    block(walk, undefined);
    return;
  }
  const declaration = walk.declaration.length === 0 ? walk.head : walk.declaration;
  if (isMemberInit(declaration)) walk.skipped = 1;
  else openBrace(walk, declaration, token);
}

function openBrace(walk: CWalk, declaration: readonly CToken[], token: CToken): void {
  const opened = openedBy(declaration);
  if (opened.is === 'function') begin(walk, declaration, opened, token);
  else block(walk, opened.is === 'scope' ? opened.name : undefined);
}

function begin(
  walk: CWalk,
  declaration: readonly CToken[],
  opened: { readonly name: string; readonly start: number },
  token: CToken,
): void {
  const around = walk.scopes.filter((name) => name !== undefined && name !== '').join('.');
  const name = cleanName(opened.name);
  const parts = declaration.filter(({ start }) => start >= opened.start).map(({ text }) => text);
  walk.inside = {
    ...{ name, qualified: within(around, name.replaceAll('::', '.')), start: opened.start },
    ...{ parts: [...parts, token.text], complexity: 1, depth: 1 },
  };
  renew(walk);
}

/** Opens a scope, or a block such as an initializer, of which nothing is a function. */
function block(walk: CWalk, name: string | undefined): void {
  walk.scopes.push(name);
  if (name !== undefined) renew(walk);
}

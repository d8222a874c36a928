import type { CToken } from './lexer.ts';

/** The opening of a brace that stands outside of functions. */
export type OpenedBrace =
  | { readonly is: 'function'; readonly name: string; readonly start: number }
  | { readonly is: 'scope'; readonly name: string }
  | { readonly is: 'block' };

/** Tokens of a declaration without what stands in its brackets: groups of `(…)` are one token each. */
interface Flat {
  readonly token: CToken;
  /** True for a whole `(…)`. */
  readonly isGroup: boolean;
}

const scopeWords = new Set(['class', 'struct', 'union']);
const attributes = new Set([
  '__attribute__',
  '__declspec',
  'alignas',
  'decltype',
  '__asm__',
  'noexcept',
  'throw',
  'requires',
]);
const types = new Set([
  'int',
  'void',
  'char',
  'short',
  'long',
  'float',
  'double',
  'bool',
  'unsigned',
  'signed',
  'auto',
]);
const statements = new Set([
  ...types,
  'if',
  'for',
  'while',
  'switch',
  'return',
  'sizeof',
  'defined',
  'catch',
]);

/** The meaning of a brace behind the tokens of its declaration. */
export function openedBy(tokens: readonly CToken[]): OpenedBrace {
  const flat = flattened(tokens);
  const assigned = flat.findIndex(({ token }) => token.text === '=');
  if (assigned >= 0 && !isOperator(flat, assigned)) return lambdaOf(flat, assigned);
  const found = functionOf(flat) ?? pointerFunction(tokens);
  if (found !== undefined) return found;
  const texts = flat.map(({ token }) => token.text);
  if (texts.includes('enum')) return { is: 'block' };
  if (texts[0] === 'extern') return { is: 'scope', name: '' };
  const word = texts.findIndex((text) => text === 'namespace' || scopeWords.has(text));
  return word < 0 ? { is: 'block' } : { is: 'scope', name: scopeName(flat.slice(word + 1)) };
}

/** True when a brace behind these tokens initialises a member of a constructor: `A() : x{1}`. */
export function isMemberInit(tokens: readonly CToken[]): boolean {
  const flat = flattened(tokens);
  const group = flat.findIndex(({ isGroup }) => isGroup);
  const colon = flat.findIndex(({ token }, at) => at > group && token.text === ':');
  const last = flat.at(-1);
  if (group < 0 || colon < 0 || last === undefined) return false;
  return colon < flat.length - 1 && (last.token.isName || last.token.text === '>');
}

function isOperator(flat: readonly Flat[], at: number): boolean {
  return flat.slice(Math.max(0, at - 2), at).some(({ token }) => token.text === 'operator');
}

function lambdaOf(flat: readonly Flat[], assigned: number): OpenedBrace {
  const name = flat[assigned - 1]?.token;
  return flat[assigned + 1]?.token.text === '[' && name !== undefined
    ? { is: 'function', name: name.text, start: name.start }
    : { is: 'block' };
}

/** The function whose parameters are a group behind a name; macros before and behind it are passed over. */
function functionOf(flat: readonly Flat[]): OpenedBrace | undefined {
  const colon = flat.findIndex(({ token }, at) => token.text === ':' && flat[at - 1]?.isGroup === true);
  const heads = colon < 0 ? flat : flat.slice(0, colon);
  const groups = heads.flatMap(({ isGroup }, at) => (isGroup && isNamed(heads, at) ? [at] : []));
  const found = groups.reduce<number | undefined>(
    (known, at) => (known === undefined || replaces(heads, known, at) ? at : known),
    undefined,
  );
  if (found === undefined) return undefined;
  const parts = flat.slice(nameStart(flat, found), found);
  return {
    is: 'function',
    name: parts.map(textOf).join(''),
    start: parts[0]?.token.start ?? 0,
  };
}

/** The function of a declarator in brackets: `int (*handler(int a))(int)`. */
function pointerFunction(tokens: readonly CToken[]): OpenedBrace | undefined {
  const found = tokens.find(
    ({ isName }, at) => isName && tokens[at - 1]?.text === '*' && tokens[at + 1]?.text === '(',
  );
  return found === undefined ? undefined : { is: 'function', name: found.text, start: found.start };
}

/**
 * True when a later group holds the parameters, and not an earlier one. Of `foo(int a) MACRO(x)` and
 * `MACRO(x) foo(int a)` the name in capitals is the macro; behind `MACRO(x) int` stands the function.
 */
const replaces = (flat: readonly Flat[], known: number, at: number): boolean =>
  at - known > 2 || isMacro(flat, known) || !isMacro(flat, at);

const isMacro = (flat: readonly Flat[], group: number): boolean =>
  /^[A-Z][A-Z0-9_]*$/.test(flat[group - 1]?.token.text ?? '');

const textOf = ({ token, isGroup }: Flat): string => (isGroup ? '()' : token.text);

function isNamed(flat: readonly Flat[], at: number): boolean {
  const before = flat[at - 1];
  if (before === undefined) return false;
  const { text, isName } = before.token;
  if (isName) return !attributes.has(text) && (!statements.has(text) || isOperator(flat, at));
  return text === '>' ? flat.slice(0, at).some(({ token }) => token.text === '<') : isOperator(flat, at);
}

/** The first token of the qualified name before a group: `Foo::~Foo`, `Foo::operator==`, `A<T>::b`. */
function nameStart(flat: readonly Flat[], group: number): number {
  const operator = flat.findLastIndex(
    ({ token }, at) => at < group && at >= group - 3 && token.text === 'operator',
  );
  return outermost(flat, operator >= 0 ? operator : beforeArguments(flat, group - 1));
}

function outermost(flat: readonly Flat[], name: number): number {
  const at = flat[name - 1]?.token.text === '~' ? name - 1 : name;
  if (flat[at - 1]?.token.text !== '::') return at;
  const outer = beforeArguments(flat, at - 2);
  return flat[outer]?.token.isName === true ? outermost(flat, outer) : at - 1;
}

/** The place of the name before the arguments of a template that end at `at`. */
function beforeArguments(flat: readonly Flat[], at: number): number {
  if (flat[at]?.token.text !== '>') return at;
  let depth = 0;
  for (let place = at; place > 0; place -= 1) {
    const text = flat[place]?.token.text;
    if (text === '>') depth += 1;
    if (text === '<') depth -= 1;
    if (depth === 0) return place - 1;
  }
  return at;
}

function scopeName(flat: readonly Flat[]): string {
  const end = flat.findIndex(
    ({ token }) => token.text === ':' || token.text === 'final' || token.text === '<',
  );
  const names = (end < 0 ? flat : flat.slice(0, end)).filter(
    ({ token }) => token.isName && !attributes.has(token.text),
  );
  return names.map(({ token }) => token.text).join('::');
}

/** Takes the parameters of templates and what stands in brackets out. */
function flattened(tokens: readonly CToken[]): Flat[] {
  const flat: Flat[] = [];
  let depth = 0;
  for (let at = 0; at < tokens.length; at += 1) {
    const token = tokens[at];
    if (token === undefined) break;
    if (depth === 0 && isTemplate(tokens, at)) at = templateEnd(tokens, at + 1);
    else {
      if (depth === 0 && token.text !== ')') flat.push({ token, isGroup: token.text === '(' });
      depth = Math.max(0, depth + (steps[token.text] ?? 0));
    }
  }
  return flat;
}

const steps: Readonly<Record<string, number>> = { '(': 1, ')': -1 };

const isTemplate = (tokens: readonly CToken[], at: number): boolean =>
  tokens[at]?.text === 'template' && tokens[at + 1]?.text === '<';

function templateEnd(tokens: readonly CToken[], from: number): number {
  let depth = 0;
  for (let at = from; at < tokens.length; at += 1) {
    const text = tokens[at]?.text;
    if (text === '<') depth += 1;
    if (text === '>') depth -= 1;
    if (depth === 0) return at;
  }
  return from;
}

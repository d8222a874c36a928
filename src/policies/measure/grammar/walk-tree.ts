import type { Node, Tree, TreeCursor } from '@vscode/tree-sitter-wasm';
import type { FunctionKind, Grammar } from '../../languages/grammar.ts';
import { closeUnit } from '../close-unit.ts';
import { linesOf } from '../lines.ts';
import { cleanName, within } from '../names.ts';
import type { Unit } from '../unit.ts';
import type { Kinds } from './kinds.ts';
import { type TreeUnit, treeLines } from './tree-unit.ts';

/** A node whose end closes a unit or a scope. */
interface Frame {
  readonly depth: number;
  readonly end: number;
  /** The unit and the scope around it. */
  readonly unit: TreeUnit;
  readonly scope: string;
  readonly closes: TreeUnit | undefined;
}

interface TreeWalk {
  readonly text: string;
  readonly grammar: Grammar;
  readonly kinds: Kinds;
  readonly cursor: TreeCursor;
  readonly digest: (text: string) => string;
  readonly lineOf: (index: number) => number;
  readonly units: (Unit | undefined)[];
  readonly frames: Frame[];
  /** Kinds of the nodes from the root to the present one. */
  readonly path: number[];
  unit: TreeUnit;
  scope: string;
}

/** A parsed text with the tables of its grammar. */
export interface ParsedText {
  readonly text: string;
  readonly tree: Tree;
  readonly grammar: Grammar;
  readonly kinds: Kinds;
}

const moduleName = '<module>';

/** Every unit of a tree in the order of their beginnings, `<module>` first. Depth costs memory, not calls. */
export function walkTree(parsed: ParsedText, digest: (text: string) => string): Unit[] {
  const { text, tree, grammar, kinds } = parsed;
  const names = { name: moduleName, qualified: moduleName, kind: 'module' } as const;
  const module = begun({ ...names, start: 0, end: text.length, depth: 0, outer: undefined, index: 0 });
  const lineOf = linesOf(text);
  const walk: TreeWalk = {
    ...{ text, grammar, kinds, digest, lineOf, cursor: tree.walk() },
    ...{ units: [undefined], frames: [], path: [], unit: module, scope: '' },
  };
  for (let depth = 0; depth >= 0; ) {
    if (enter(walk, depth) && walk.cursor.gotoFirstChild()) depth += 1;
    else depth = next(walk, depth);
  }
  walk.cursor.delete();
  // Without code that runs, top-level declarations decide nothing.
  if (grammar.hasTopLevelCode !== true) module.complexity = 1;
  module.last = text.length;
  walk.units[0] = closeUnit(module, treeLines(module, lineOf), digest);
  return walk.units.filter((unit) => unit !== undefined);
}

const begun = (unit: Omit<TreeUnit, 'parts' | 'inside' | 'complexity' | 'last' | 'hides'>): TreeUnit => ({
  ...unit,
  parts: [],
  inside: [],
  complexity: 1,
  last: unit.start,
  hides: undefined,
});

/** Moves to the next node in the order of the text; answers its depth, -1 behind the last. */
function next(walk: TreeWalk, from: number): number {
  const { cursor } = walk;
  let depth = from;
  for (;;) {
    leave(walk, depth);
    if (cursor.gotoNextSibling()) return depth;
    if (!cursor.gotoParent()) return -1;
    depth -= 1;
  }
}

/** Takes a node; answers true when its children are to be visited. */
function enter(walk: TreeWalk, depth: number): boolean {
  const { cursor, kinds, path } = walk;
  const kind = cursor.nodeTypeId;
  path[depth] = kind;
  if (kinds.isComment[kind] === true) return false;
  if (kinds.isNamed[kind] !== true) {
    token(walk, kind, depth);
    return false;
  }
  open(walk, kind, depth);
  if (cursor.gotoFirstChild()) {
    cursor.gotoParent();
    return true;
  }
  token(walk, kind, depth);
  return false;
}

/** Counts a token for the unit that it stands in. */
function token(walk: TreeWalk, kind: number, depth: number): void {
  const { cursor, kinds, path, text, grammar } = walk;
  const parent = path[depth - 1] ?? -1;
  const start = cursor.startIndex;
  const end = cursor.endIndex;
  const shown = text.slice(start, end);
  if (shown === grammar.tokens?.keyword && kinds.isTokens[parent] === true) openTokens(walk, depth);
  const { unit } = walk;
  if (decides(kinds, kind, parent)) unit.complexity += 1;
  // The depth tells apart statements of Python that differ by their indentation alone.
  unit.parts.push(String.fromCharCode((depth - unit.depth) & 0x7fff) + shown);
  unit.last = end;
  if (isEvaluator(walk, shown)) unit.hides ??= { what: shown, line: walk.lineOf(start) };
}

const decides = (kinds: Kinds, kind: number, parent: number): boolean =>
  kinds.decides[kind] === true && kinds.undecided[parent] !== true;

/** True for the name of a call that runs text as code. */
const isEvaluator = ({ grammar, cursor }: TreeWalk, shown: string): boolean =>
  grammar.evaluators?.has(shown) === true && cursor.currentFieldName === 'function';

/** Opens the unit or the scope that a node makes. */
function open(walk: TreeWalk, kind: number, depth: number): void {
  const { kinds, cursor } = walk;
  const form = kinds.functions[kind];
  if (form !== undefined) openFunction(walk, depth, form);
  else if (kinds.isLambda[kind] === true && walk.unit.kind === 'module')
    openUnit(walk, depth, { start: cursor.startIndex, end: cursor.endIndex, scope: walk.scope });
  else openScope(walk, depth, kinds.scopes[kind]?.(cursor.currentNode));
}

function openFunction(walk: TreeWalk, depth: number, { name, start, owner }: FunctionKind): void {
  const node = walk.cursor.currentNode;
  // A static initializer is a body itself.
  if (node.childForFieldName('body') === null && node.type !== 'static_initializer') return;
  const around = owner?.(node);
  const scope = around === undefined ? walk.scope : within(walk.scope, cleanName(around));
  openUnit(walk, depth, { name: name(node), start: start(node), end: node.endIndex, scope });
}

function openScope(walk: TreeWalk, depth: number, name: string | undefined): void {
  if (name === undefined) return;
  const { unit, scope, cursor } = walk;
  walk.frames.push({ depth, end: cursor.endIndex, unit, scope, closes: undefined });
  walk.scope = within(scope, cleanName(name));
}

interface Opening {
  readonly name?: string | undefined;
  readonly start: number;
  readonly end: number;
  readonly scope: string;
}

function openUnit(walk: TreeWalk, depth: number, { name, start, end, scope: around }: Opening): void {
  const { unit: outer, scope, units } = walk;
  const shown = cleanName(name ?? '<anonymous>');
  const qualified = within(around, shown);
  const index = units.push(undefined) - 1;
  const unit = begun({ name: shown, qualified, kind: 'function', start, end, depth, outer, index });
  outer.parts.push('unit');
  walk.frames.push({ depth, end, unit: outer, scope, closes: unit });
  walk.unit = unit;
  walk.scope = qualified;
}

/** Opens the function that a keyword among plain tokens begins: a name, and braces before the next semicolon. */
function openTokens(walk: TreeWalk, depth: number): void {
  const keyword = walk.cursor.currentNode;
  const name = keyword.nextSibling;
  if (name === null || !name.isNamed) return;
  const body = bodyBehind(name);
  if (body === undefined) return;
  openUnit(walk, depth, {
    name: name.text,
    start: keyword.startIndex,
    end: body.endIndex,
    scope: walk.scope,
  });
}

function bodyBehind(name: Node): Node | undefined {
  for (let node = name.nextSibling; node !== null; node = node.nextSibling) {
    if (node.type === ';') return undefined;
    if (node.type === name.parent?.type && node.firstChild?.type === '{') return node;
  }
  return undefined;
}

/** Closes the units and scopes that end with the present node. */
function leave(walk: TreeWalk, depth: number): void {
  const { frames, cursor } = walk;
  for (let top = frames.at(-1); top !== undefined && top.depth === depth; top = frames.at(-1)) {
    if (cursor.endIndex < top.end) return;
    frames.pop();
    const { closes } = top;
    if (closes !== undefined) {
      walk.units[closes.index] = closeUnit(closes, treeLines(closes, walk.lineOf), walk.digest);
      top.unit.last = Math.max(top.unit.last, closes.last);
    }
    walk.unit = top.unit;
    walk.scope = top.scope;
  }
}

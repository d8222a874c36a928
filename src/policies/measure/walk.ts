import { ts } from 'ts-morph';
import { closeUnit } from './close-unit.ts';
import { decisionPoints, isTarget } from './complexity.ts';
import { importOf } from './imports.ts';
import { ofKind } from './kinds.ts';
import { fieldName, scopeName, unitKind, unitName } from './name.ts';
import { within } from './names.ts';
import { hidden } from './opaque.ts';
import { linesOf, type OpenUnit, unitStart } from './open-unit.ts';
import { isSuiteCallback } from './suite.ts';
import { type Tokens, tokensOf } from './tokens.ts';
import type { Import, Unit } from './unit.ts';

/** A node still to be visited. */
interface NodeVisit {
  readonly node: ts.Node;
  readonly parent: ts.Node | undefined;
  readonly unit: OpenUnit;
  /** The name of everything around the node, from outside in; empty at the top of a file. */
  readonly scope: string;
  readonly target: boolean;
}

/** A node to visit, or a unit to be closed after everything inside it has been visited. */
type Step = NodeVisit | { readonly close: OpenUnit };

interface Walk {
  readonly file: ts.SourceFile;
  readonly tokens: Tokens;
  readonly digest: (text: string) => string;
  readonly steps: Step[];
  readonly units: (Unit | undefined)[];
  readonly imports: Import[];
}

/** The units of a file in the order of their beginnings, `<module>` first, and the files that it brings in. */
export interface Walked {
  readonly units: readonly Unit[];
  readonly imports: readonly Import[];
}

/** Walks `file` with a stack of its own: depth costs memory, not calls. */
export function walkUnits(file: ts.SourceFile, digest: (text: string) => string): Walked {
  const walk: Walk = { file, tokens: tokensOf(file), digest, steps: [], units: [], imports: [] };
  const name = '<module>';
  const module = open(walk, {
    outer: undefined,
    kind: 'module',
    name,
    qualified: name,
    start: 0,
    end: file.end,
  });
  pushChildren(walk, { node: file, parent: undefined, unit: module, scope: '', target: false }, module, '');
  for (let step = walk.steps.pop(); step !== undefined; step = walk.steps.pop()) {
    if ('close' in step) close(walk, step.close);
    else visit(walk, step);
  }
  return { units: walk.units.filter((unit) => unit !== undefined), imports: walk.imports };
}

function visit(walk: Walk, step: NodeVisit): void {
  const { node, parent, target } = step;
  const unit = enter(walk, step);
  unit.complexity += decisionPoints(node, target);
  const what = hidden(node, parent, walk.file.isDeclarationFile);
  if (what !== undefined && unit.hides === undefined) {
    unit.hides = { what, line: walk.file.getLineAndCharacterOfPosition(node.getStart(walk.file)).line + 1 };
  }
  const brought = importOf(node, walk.file);
  if (brought !== undefined) walk.imports.push(brought);
  walk.tokens.node(unit.parts, node);
  const named = scopeName(node, parent);
  const scope = unit === step.unit ? step.scope : unit.qualified;
  pushChildren(walk, step, unit, named === undefined ? scope : within(scope, named));
}

/** The unit that the node counts for: a new one when it is a unit or the initializer of a field. */
function enter(walk: Walk, { node, parent, unit: outer, scope }: NodeVisit): OpenUnit {
  let unit = outer;
  let around = scope;
  if (parent !== undefined && ts.isPropertyDeclaration(parent) && parent.initializer === node) {
    const name = fieldName(parent);
    around = within(scope, name);
    const start = node.getStart(walk.file);
    unit = open(walk, { outer, kind: 'field', name, qualified: around, start, end: node.end });
  }
  const kind = unitKind(node);
  if (kind === undefined) return unit;
  const name = unitName(node, parent, kind);
  const qualified = within(around, name);
  const suite = isSuiteCallback(node, parent) ? true : undefined;
  const start = unitStart(node, walk.file);
  return open(walk, { outer: unit, kind, name, qualified, suite, start, end: node.end });
}

function open(
  walk: Walk,
  begun: Pick<OpenUnit, 'outer' | 'kind' | 'name' | 'qualified' | 'start' | 'end'> & {
    readonly suite?: true | undefined;
  },
): OpenUnit {
  const index = walk.units.push(undefined) - 1;
  const unit: OpenUnit = {
    suite: undefined,
    ...begun,
    parts: [],
    inside: [],
    index,
    complexity: 1,
    hides: undefined,
  };
  begun.outer?.parts.push('unit');
  walk.steps.push({ close: unit });
  return unit;
}

function close(walk: Walk, unit: OpenUnit): void {
  walk.tokens.upTo(unit.parts, unit.end);
  walk.units[unit.index] = closeUnit(unit, linesOf(unit, walk.file), walk.digest);
}

const mayStandOutside = ofKind(ts.SyntaxKind.Decorator, ts.SyntaxKind.ComputedPropertyName);

function pushChildren(
  walk: Walk,
  { node, scope: around, target }: NodeVisit,
  unit: OpenUnit,
  scope: string,
): void {
  const { steps } = walk;
  const from = steps.length;
  ts.forEachChild(node, (child) => {
    // Decorators and computed names are evaluated outside of the function that they belong to.
    const isOutside = mayStandOutside(child) && unitKind(node) !== undefined;
    steps.push({
      node: child,
      parent: node,
      unit: isOutside ? (unit.outer ?? unit) : unit,
      scope: isOutside ? around : scope,
      target: isTarget(child, node, target),
    });
  });
  reverseFrom(steps, from);
}

// A stack gives back the last first; children must come in the order of the text.
function reverseFrom(steps: Step[], from: number): void {
  for (let low = from, high = steps.length - 1; low < high; low += 1, high -= 1) {
    const kept = steps[low];
    const other = steps[high];
    if (kept === undefined || other === undefined) return;
    steps[low] = other;
    steps[high] = kept;
  }
}

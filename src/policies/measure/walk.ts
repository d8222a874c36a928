import { ts } from 'ts-morph';
import { decisionPoints, isTarget } from './complexity.ts';
import { fieldName, unitKind, unitName } from './name.ts';
import { hidden } from './opaque.ts';
import { closeUnit, type OpenUnit, unitStart } from './open-unit.ts';
import { type Tokens, tokensOf } from './tokens.ts';
import type { Unit, UnitKind } from './unit.ts';

/** A node still to be visited, or a unit to be closed after everything inside it has been visited. */
type Step =
  | {
      readonly node: ts.Node;
      readonly parent: ts.Node | undefined;
      readonly unit: OpenUnit;
      readonly target: boolean;
    }
  | { readonly close: OpenUnit };

interface Walk {
  readonly file: ts.SourceFile;
  readonly tokens: Tokens;
  readonly digest: (text: string) => string;
  readonly steps: Step[];
  readonly units: (Unit | undefined)[];
}

/**
 * Every unit of `file` in the order of their beginnings, `<module>` first. Uses a stack of its own: depth
 * costs memory, not calls.
 */
export function walkUnits(file: ts.SourceFile, digest: (text: string) => string): Unit[] {
  const walk: Walk = { file, tokens: tokensOf(file), digest, steps: [], units: [] };
  const module = open(walk, undefined, 'module', '<module>', 0, file.end);
  pushChildren(walk, file, module, false);
  for (let step = walk.steps.pop(); step !== undefined; step = walk.steps.pop()) {
    if ('close' in step) close(walk, step.close);
    else visit(walk, step.node, step.parent, step.unit, step.target);
  }
  return walk.units.filter((unit) => unit !== undefined);
}

function visit(
  walk: Walk,
  node: ts.Node,
  parent: ts.Node | undefined,
  outer: OpenUnit,
  target: boolean,
): void {
  const unit = enter(walk, node, parent, outer);
  unit.complexity += decisionPoints(node, target);
  const what = hidden(node, parent, walk.file.isDeclarationFile);
  if (what !== undefined && unit.hides === undefined) {
    unit.hides = { what, line: walk.file.getLineAndCharacterOfPosition(node.getStart(walk.file)).line + 1 };
  }
  walk.tokens.node(unit.parts, node);
  pushChildren(walk, node, unit, target);
}

/** The unit that `node` counts for: a new one when it is a unit or the initializer of a field. */
function enter(walk: Walk, node: ts.Node, parent: ts.Node | undefined, outer: OpenUnit): OpenUnit {
  let unit = outer;
  if (parent !== undefined && ts.isPropertyDeclaration(parent) && parent.initializer === node) {
    unit = open(walk, unit, 'field', fieldName(parent), node.getStart(walk.file), node.end);
  }
  const kind = unitKind(node);
  if (kind === undefined) return unit;
  return open(walk, unit, kind, unitName(node, parent, kind), unitStart(node, walk.file), node.end);
}

function open(
  walk: Walk,
  outer: OpenUnit | undefined,
  kind: UnitKind,
  name: string,
  start: number,
  end: number,
): OpenUnit {
  const index = walk.units.push(undefined) - 1;
  const unit: OpenUnit = {
    name,
    kind,
    start,
    end,
    outer,
    parts: [],
    inside: [],
    index,
    complexity: 1,
    hides: undefined,
  };
  outer?.parts.push('unit');
  walk.steps.push({ close: unit });
  return unit;
}

function close(walk: Walk, unit: OpenUnit): void {
  walk.tokens.upTo(unit.parts, unit.end);
  walk.units[unit.index] = closeUnit(unit, walk.file, walk.digest);
}

function pushChildren(walk: Walk, node: ts.Node, unit: OpenUnit, target: boolean): void {
  const { steps } = walk;
  const from = steps.length;
  const outside = unitKind(node) === undefined ? unit : (unit.outer ?? unit);
  ts.forEachChild(node, (child) => {
    // Decorators and computed names are evaluated outside of the function that they belong to.
    const isOutside = ts.isDecorator(child) || ts.isComputedPropertyName(child);
    steps.push({
      node: child,
      parent: node,
      unit: isOutside ? outside : unit,
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

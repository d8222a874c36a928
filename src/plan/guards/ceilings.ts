import { durationMs } from '../../lib/durations.ts';
import { limits } from '../../lib/limits.ts';
import { sizeBytes } from '../../lib/schemas.ts';
import { machineLimitsDefault } from '../../sandbox/machine-limits.ts';
import type { Plan } from '../plan.ts';
import { type GuardChange, namesOf, own, same } from './guard-change.ts';

/** Values that hold where a plan names none. A ceiling outside of this table holds nothing when it is absent. */
const usual: Readonly<Record<string, number>> = {
  'implementer.complexity': limits.complexityDefault,
  'implementer.functionLines': limits.functionLinesDefault,
  blobBytes: limits.blobBytesMax,
  'machine.processes': machineLimitsDefault.processes,
  'machine.memory': machineLimitsDefault.memoryBytes,
  'machine.disk': machineLimitsDefault.diskBytes,
  'machine.openFiles': machineLimitsDefault.openFiles,
};

/** The changed ceilings of `limits`. */
export function limitChanges(before: Plan, after: Plan): GuardChange[] {
  const [was, is] = [leavesOf(before.limits), leavesOf(after.limits)];
  return namesOf(was, is).flatMap((path) => {
    const [from, to] = [own(was, path), own(is, path)];
    if (same(from, to)) return [];
    const weakens = isRaised(from ?? usual[path], to ?? usual[path]);
    const shown = (value: unknown): unknown =>
      value ?? (usual[path] === undefined ? undefined : `${usual[path]} (default)`);
    return [{ where: `limits.${path}`, member: 'limits', before: shown(from), after: shown(to), weakens }];
  });
}

/** Every value of an object that is no object itself, by its path. */
export function leavesOf(value: unknown, path = ''): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    return value === undefined ? {} : { [path]: value };
  const within = path === '' ? '' : `${path}.`;
  return Object.assign(
    {},
    ...Object.entries(value).map(([name, held]) => leavesOf(held, `${within}${name}`)),
  );
}

/** True when the ceiling is higher than before, or gone. */
export function isRaised(before: unknown, after: unknown): boolean {
  if (before === undefined) return false;
  return after === undefined || amountOf(after) > amountOf(before);
}

/** A number, a duration, a size or a percentage as a number. Values of one ceiling have one unit. */
function amountOf(value: unknown): number {
  if (typeof value === 'number') return value;
  const text = String(value);
  const known = [durationMs(text), sizeBytes(text), Number(text.replace(/%$/, ''))];
  return known.find((amount) => !Number.isNaN(amount)) ?? Number.NaN;
}

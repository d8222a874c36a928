import { createHash } from 'node:crypto';
import { measure } from '../../src/policies/measure/measure.ts';
import type { ScriptKind } from '../../src/policies/measure/source-kind.ts';
import type { FileRefusal, Unit } from '../../src/policies/measure/unit.ts';

export const digest = (text: string): string => createHash('sha256').update(text).digest('hex');

/** The units of `text`; throws when it is refused. */
export function unitsOf(text: string, kind: ScriptKind = 'ts'): readonly Unit[] {
  const found = measure(text, kind, digest);
  if ('refusal' in found) throw new Error(JSON.stringify(found.refusal));
  return found.units;
}

/** Complexity by name, `<module>` left out. */
export const complexities = (text: string, kind: ScriptKind = 'ts'): Record<string, number> =>
  Object.fromEntries(
    unitsOf(text, kind)
      .slice(1)
      .map((unit) => [unit.name, unit.complexity]),
  );

export function refusalOf(text: string, kind: ScriptKind = 'ts'): FileRefusal | undefined {
  const found = measure(text, kind, digest);
  return 'refusal' in found ? found.refusal : undefined;
}

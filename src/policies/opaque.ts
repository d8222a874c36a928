import { located, type SourceReason, sourceReason, type UnitsByPath, unaltered } from './altered.ts';

/** A reason, with its place, for every unit that the change adds or alters and that keeps code from analysis. */
export function opaquePolicy(before: UnitsByPath, after: UnitsByPath): SourceReason[] {
  const found = located(after).filter(({ unit }) => unit.hides !== undefined);
  if (found.length === 0) return [];
  const same = unaltered(found, located(before), 'hash');
  return found
    .filter((one) => !same.has(one))
    .map(({ path, unit }) =>
      sourceReason(
        'source.opaque',
        { path, line: unit.hides?.line ?? unit.startLine, unit: unit.qualified },
        { found: unit.hides?.what ?? 'hidden code' },
      ),
    );
}

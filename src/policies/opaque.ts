import { offenders, type SourceReason, sourceReason, type UnitsByPath } from './altered.ts';

/** A reason, with its place, for every unit that the change adds or alters and that keeps code from analysis. */
export function opaquePolicy(before: UnitsByPath, after: UnitsByPath): SourceReason[] {
  return offenders(before, after, 'hash', (unit) => unit.hides !== undefined)
    .filter(({ base }) => base === undefined)
    .map(({ path, unit }) =>
      sourceReason(
        'source.opaque',
        { path, line: unit.hides?.line ?? unit.startLine, unit: unit.name },
        { found: unit.hides?.what ?? 'hidden code' },
      ),
    );
}

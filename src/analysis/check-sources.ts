import { defined } from '../lib/defined.ts';
import { type CodeLimits, type SourceReason, sourceReason, type UnitsByPath } from '../policies/altered.ts';
import { complexityPolicy } from '../policies/complexity.ts';
import { functionLengthPolicy } from '../policies/function-length.ts';
import type { FileRefusal, Unit } from '../policies/measure/unit.ts';
import { opaquePolicy } from '../policies/opaque.ts';
import {
  type Analyser,
  type FileMeasure,
  type SourceContent,
  type SourceFile,
  unreadFound,
} from './analyser.ts';

/** One file of a change. Without `before` it is added, without `after` deleted. */
export interface SourceChange {
  readonly path: string;
  readonly before?: SourceContent;
  readonly after?: SourceContent;
}

/**
 * Every reason against the source in `changes`: units that they add or alter above `limits` or that hide
 * code, and files that cannot be analysed. Files that are no source (see `sourceKind`) and files with the
 * same bytes before and after are passed over. A base that cannot be analysed has no units, so every unit
 * after it counts as added. Sorted by path and line. Throws `source.busy`.
 */
export async function checkSources(
  analyser: Analyser,
  changes: readonly SourceChange[],
  limits: CodeLimits,
): Promise<SourceReason[]> {
  const changed = changes.filter(({ before, after }) => !isSame(before, after));
  const measured = await analyser.measure(pick(changed, 'after'));
  const refused = refusalReasons(measured);
  const after = unitsByPath(measured);
  const judge = (before: UnitsByPath): SourceReason[] => [
    ...complexityPolicy(before, after, limits),
    ...functionLengthPolicy(before, after, limits),
    ...opaquePolicy(before, after),
  ];
  // Most changes break nothing even if every unit were new; then the base need not be read.
  const suspected = judge(new Map());
  if (suspected.length === 0) return refused.sort(byPlace);
  const bases = await analyser.measure(pick(changed, 'before'));
  return [...refused, ...judge(unitsByPath(bases))].sort(byPlace);
}

function pick(changes: readonly SourceChange[], side: 'before' | 'after'): SourceFile[] {
  return changes.flatMap((change) => {
    const content = change[side];
    return content === undefined ? [] : [{ path: change.path, content }];
  });
}

function isSame(before: SourceContent | undefined, after: SourceContent | undefined): boolean {
  if (!(before instanceof Uint8Array) || !(after instanceof Uint8Array)) return false;
  return Buffer.compare(before, after) === 0;
}

const unitsByPath = (files: readonly FileMeasure[]): UnitsByPath =>
  new Map(
    files.flatMap((file): [string, readonly Unit[]][] => ('units' in file ? [[file.path, file.units]] : [])),
  );

// A hostile change may hold thousands of files; the unread ones share one reason.
function refusalReasons(files: readonly FileMeasure[]): SourceReason[] {
  const refused = files.flatMap((file) => ('refusal' in file ? [file] : []));
  const unread = refused.filter(({ refusal }) => refusal.found === unreadFound);
  const reasons = refused
    .filter(({ refusal }) => refusal.found !== unreadFound)
    .map(({ path, refusal }) => refusalReason(path, refusal));
  const first = unread[0];
  if (first === undefined) return reasons;
  const found = `${unreadFound}, with ${unread.length - 1} more files, after others of the change took too long`;
  return [...reasons, refusalReason(first.path, { ...first.refusal, found })];
}

function refusalReason(path: string, { code, line, found, limit }: FileRefusal): SourceReason {
  return sourceReason(code, { path, ...defined({ line }) }, defined({ found, limit }));
}

function byPlace(one: SourceReason, other: SourceReason): number {
  if (one.at.path !== other.at.path) return one.at.path < other.at.path ? -1 : 1;
  return (one.at.line ?? 0) - (other.at.line ?? 0);
}

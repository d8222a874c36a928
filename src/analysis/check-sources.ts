import { defined } from '../lib/defined.ts';
import { type SourceReason, sourceReason, type UnitsByPath } from '../policies/altered.ts';
import type { CodeRules } from '../policies/code-rules.ts';
import { complexityPolicy, heldComplexity } from '../policies/complexity.ts';
import { type FileSize, fileSizePolicy, type SizesByPath } from '../policies/file-size.ts';
import { functionLengthPolicy, heldLength } from '../policies/function-length.ts';
import type { FileRefusal, Import, Unit } from '../policies/measure/unit.ts';
import { opaquePolicy } from '../policies/opaque.ts';
import { type HeldUnit, nearest } from '../policies/ratchet.ts';
import {
  type ImportsByPath,
  type SuspectImport,
  suspectImports,
  testImportedPolicy,
} from '../policies/test-imported.ts';
import { type Analyser, type FileMeasure, type SourceFile, unreadFound } from './analyser.ts';
import type { SourceContent } from './source-content.ts';

/**
 * One file of a change. Without `before` it is added, without `after` deleted; a renamed file has the content of
 * its old path before.
 */
export interface SourceChange {
  readonly path: string;
  /** The old path of a renamed file. */
  readonly from?: string;
  readonly before?: SourceContent;
  readonly after?: SourceContent;
}

/** The tree that a change makes, as far as the rules ask for it. */
export interface SourceTree {
  /** Those of the paths that are files of the tree. */
  existing(paths: readonly string[]): Promise<ReadonlySet<string>>;
}

/** A program in a language that has no adapter. */
export interface UnmeasuredFile {
  readonly path: string;
  readonly language: string;
}

/** The judgement of a change: reasons against it, and files that nobody measured. */
export interface SourceJudgement {
  readonly reasons: readonly SourceReason[];
  /** Files that rules let be although no adapter measures them; they are named to whoever asked. */
  readonly unmeasured: readonly UnmeasuredFile[];
}

/**
 * Every reason against the source in `changes`: units and files that they take above a limit, or further above it,
 * units that hide code, imports of test code, and files that cannot be analysed. Files that are no source (see
 * `sourceKind`) and files with the same bytes before and after are passed over. A base that cannot be analysed has
 * no units, so every unit after it counts as added; so has a file that was test code before. Sorted by path and
 * line. Throws `source.busy`.
 */
export async function judgeSources(
  analyser: Analyser,
  changes: readonly SourceChange[],
  rules: CodeRules,
  tree: SourceTree = treeOf(changes),
): Promise<SourceJudgement> {
  const changed = changes.filter(({ before, after }) => !isSame(before, after));
  const measured = await analyser.measure(pick(changed, 'after'));
  const unmeasured = unmeasuredIn(measured);
  // Most changes break nothing even if every unit were new; then the base need not be read.
  const isClean = judged([], measured, rules).length === 0 && suspects([], measured, rules).length === 0;
  const bases = isClean ? [] : await analyser.measure(pick(changed.filter(stays(rules)), 'before'));
  const imports = suspects(bases, measured, rules);
  const reached =
    imports.length === 0 ? noFiles : await tree.existing(imports.flatMap(({ candidates }) => candidates));
  const reasons = [
    ...refusalReasons(measured),
    ...(rules.refusesUnmeasured ? unmeasured.map(unmeasuredReason) : []),
    ...(isClean ? [] : judged(bases, measured, rules)),
    ...testImportedPolicy(imports, reached, rules.isTest),
  ];
  return {
    reasons: reasons.filter(({ code, at }) => !rules.excuses(code, at.path, at.unit)).sort(byPlace),
    unmeasured: rules.refusesUnmeasured ? [] : unmeasured,
  };
}

/** The functions that a change brings nearest to their limits; undefined where it brings none under a limit. */
export interface NearestUnits {
  readonly complexity: HeldUnit | undefined;
  readonly length: HeldUnit | undefined;
}

/** The functions of `changes` that come nearest to the limits of `rules`. Throws `source.busy`. */
export async function nearestUnits(
  analyser: Analyser,
  changes: readonly SourceChange[],
  rules: CodeRules,
): Promise<NearestUnits> {
  const changed = changes.filter(({ before, after }) => !isSame(before, after));
  const after = unitsByPath(await analyser.measure(pick(changed, 'after')));
  const before = unitsByPath(await analyser.measure(pick(changed.filter(stays(rules)), 'before')));
  return {
    complexity: nearest(before, after, heldComplexity(rules)),
    length: nearest(before, after, heldLength(rules)),
  };
}

/** The reasons of `judgeSources` alone. */
export const checkSources = async (
  ...of: Parameters<typeof judgeSources>
): Promise<readonly SourceReason[]> => (await judgeSources(...of)).reasons;

const unmeasuredIn = (files: readonly FileMeasure[]): UnmeasuredFile[] =>
  files.flatMap((file) =>
    'units' in file && file.unmeasured !== undefined ? [{ path: file.path, language: file.unmeasured }] : [],
  );

const unmeasuredReason = ({ path, language }: UnmeasuredFile): SourceReason =>
  sourceReason('source.unmeasured', { path }, { found: language });

const noFiles: ReadonlySet<string> = new Set();

/** The files of a change alone. */
const treeOf = (changes: readonly SourceChange[]): SourceTree => {
  const files = new Set(changes.flatMap(({ path, after }) => (after === undefined ? [] : [path])));
  return { existing: async (paths) => new Set(paths.filter((path) => files.has(path))) };
};

/** False for a file that leaves the test code: other limits held for its content. */
const stays =
  ({ isTest }: CodeRules) =>
  ({ path, from }: SourceChange): boolean =>
    from === undefined || !isTest(from) || isTest(path);

function judged(
  bases: readonly FileMeasure[],
  measured: readonly FileMeasure[],
  rules: CodeRules,
): SourceReason[] {
  const [before, after] = [unitsByPath(bases), unitsByPath(measured)];
  return [
    ...fileSizePolicy(sizesByPath(bases), sizesByPath(measured)),
    ...complexityPolicy(before, after, rules),
    ...functionLengthPolicy(before, after, rules),
    ...opaquePolicy(before, after),
  ];
}

const suspects = (
  bases: readonly FileMeasure[],
  measured: readonly FileMeasure[],
  { isTest }: CodeRules,
): SuspectImport[] => suspectImports(importsByPath(bases), importsByPath(measured), isTest);

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

const importsByPath = (files: readonly FileMeasure[]): ImportsByPath =>
  new Map(
    files.flatMap((file): [string, readonly Import[]][] =>
      'units' in file && file.imports !== undefined ? [[file.path, file.imports]] : [],
    ),
  );

const sizesByPath = (files: readonly FileMeasure[]): SizesByPath =>
  new Map(
    files.flatMap((file): [string, FileSize][] =>
      'units' in file && file.size !== undefined ? [[file.path, { ...file.size, bytes: file.bytes }]] : [],
    ),
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

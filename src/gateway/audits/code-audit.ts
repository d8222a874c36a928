import type { Analyser } from '../../analysis/analyser.ts';
import { judgeSources, type SourceChange, type UnmeasuredFile } from '../../analysis/check-sources.ts';
import type { CodeViolation } from '../../audits/plan-audit.ts';
import { existingPaths, gitAt } from '../../git/existing-paths.ts';
import { defined } from '../../lib/defined.ts';
import { limits } from '../../lib/limits.ts';
import type { CodeRules } from '../../policies/code-rules.ts';
import { mayHoldSource, sourceKind } from '../../policies/measure/source-kind.ts';
import type { Repositories } from '../repositories/repositories.ts';

/** The project whose code is audited, and its rules. */
export interface CodeAuditOf {
  readonly git: Repositories;
  readonly analyser: Analyser;
  readonly project: string;
  readonly rules: CodeRules;
}

const batchFiles = 64;

interface SourcePath {
  readonly path: string;
  readonly from?: string | undefined;
  readonly before?: string | undefined;
  readonly after?: string | undefined;
}

/** Functions over the limits that two commits of main differ in: added or altered ones, judged as in a push. */
export async function codeBetween(of: CodeAuditOf, from: string, to: string): Promise<CodeViolation[]> {
  if (from === to) return [];
  const rows = await of.git.listChanges(of.project, from, to);
  const source = rows.filter(({ path }) => mayHoldSource(path));
  return (await judge(of, to, source)).found;
}

/** Functions over the limits in the whole tree of a commit. */
export async function codeOf(
  of: CodeAuditOf,
  commit: string,
): Promise<{ files: number; found: CodeViolation[]; unmeasured: UnmeasuredFile[] }> {
  const rows = (await of.git.listFiles(of.project, commit)).filter(({ path }) => mayHoldSource(path));
  return {
    files: rows.filter(({ path }) => sourceKind(path) !== undefined).length,
    ...(await judge(of, commit, rows)),
  };
}

async function judge(
  of: CodeAuditOf,
  commit: string,
  rows: readonly SourcePath[],
): Promise<{ found: CodeViolation[]; unmeasured: UnmeasuredFile[] }> {
  const { repository } = await of.git.open(of.project);
  const run = gitAt({ runner: of.git.runner, gitDir: repository.gitDir });
  const tree = { existing: (paths: readonly string[]) => existingPaths(run, commit, paths) };
  const found: CodeViolation[] = [];
  const unmeasured: UnmeasuredFile[] = [];
  for (let from = 0; from < rows.length; from += batchFiles) {
    const changes = await Promise.all(rows.slice(from, from + batchFiles).map((row) => contents(of, row)));
    const judged = await judgeSources(of.analyser, changes, of.rules, tree);
    unmeasured.push(...judged.unmeasured);
    for (const { code, at, found: value } of judged.reasons)
      found.push({ code, path: at.path, line: at.line ?? 1, found: String(value ?? '') });
  }
  return { found, unmeasured };
}

async function contents(
  { git, project }: CodeAuditOf,
  { path, from, before, after }: SourcePath,
): Promise<SourceChange> {
  const { reader } = await git.open(project);
  const read = async (oid: string): Promise<Buffer | { sizeBytes: number }> => {
    const bytes = (await reader.info(oid))?.bytes ?? 0;
    return bytes > limits.analysisBytesMax
      ? { sizeBytes: bytes }
      : reader.read(oid, 'blob', limits.analysisBytesMax);
  };
  return defined({ path, from, after: after && (await read(after)), before: before && (await read(before)) });
}

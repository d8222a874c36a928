import type { Analyser } from '../../analysis/analyser.ts';
import { checkSources, type SourceChange } from '../../analysis/check-sources.ts';
import type { CodeViolation } from '../../audits/plan-audit.ts';
import { defined } from '../../lib/defined.ts';
import { limits } from '../../lib/limits.ts';
import type { CodeLimits } from '../../policies/altered.ts';
import { mayHoldSource, sourceKind } from '../../policies/measure/source-kind.ts';
import type { Repositories } from '../repositories/repositories.ts';

/** The project whose code is audited, and the limits. */
export interface CodeAuditOf {
  readonly git: Repositories;
  readonly analyser: Analyser;
  readonly project: string;
  readonly limits: CodeLimits;
}

const batchFiles = 64;

interface SourcePath {
  readonly path: string;
  readonly before?: string | undefined;
  readonly after: string;
}

/** Functions over the limits that two commits of main differ in: added or altered ones, judged as in a push. */
export async function codeBetween(of: CodeAuditOf, from: string, to: string): Promise<CodeViolation[]> {
  if (from === to) return [];
  const rows = await of.git.listChanges(of.project, from, to);
  return judge(
    of,
    rows.filter(({ path }) => mayHoldSource(path)),
  );
}

/** Functions over the limits in the whole tree of a commit. */
export async function codeOf(
  of: CodeAuditOf,
  commit: string,
): Promise<{ files: number; found: CodeViolation[] }> {
  const rows = (await of.git.listFiles(of.project, commit)).filter(({ path }) => mayHoldSource(path));
  return {
    files: rows.filter(({ path }) => sourceKind(path) !== undefined).length,
    found: await judge(of, rows),
  };
}

async function judge(of: CodeAuditOf, rows: readonly SourcePath[]): Promise<CodeViolation[]> {
  const found: CodeViolation[] = [];
  for (let at = 0; at < rows.length; at += batchFiles) {
    const changes = await Promise.all(rows.slice(at, at + batchFiles).map((row) => contents(of, row)));
    for (const { code, at: place, found: value } of await checkSources(of.analyser, changes, of.limits))
      found.push({ code, path: place.path, line: place.line ?? 1, found: String(value ?? '') });
  }
  return found;
}

async function contents(
  { git, project }: CodeAuditOf,
  { path, before, after }: SourcePath,
): Promise<SourceChange> {
  const { reader } = await git.open(project);
  const read = async (oid: string): Promise<Buffer | { sizeBytes: number }> => {
    const bytes = (await reader.info(oid))?.bytes ?? 0;
    return bytes > limits.sourceBytesMax
      ? { sizeBytes: bytes }
      : reader.read(oid, 'blob', limits.sourceBytesMax);
  };
  return defined({ path, after: await read(after), before: before && (await read(before)) });
}

import { createAnalyser } from '../../analysis/analyser.ts';
import { checkSources } from '../../analysis/check-sources.ts';
import { baseLimits } from '../../plan/rules-of-plan.ts';
import { codeRules } from '../../policies/code-rules.ts';
import { mayHoldSource, sourceKind } from '../../policies/measure/source-kind.ts';
import { readChange, trackedFiles } from '../check/files.ts';

/** The code of a repository, counted under the usual limits. */
export interface MeasuredCode {
  readonly files: number;
  /** Functions, or code outside of functions, above a limit. */
  readonly over: number;
  /** Files that cannot be measured, or are above a limit for files. */
  readonly unmeasured: number;
  readonly ms: number;
  /** True when the time was over before all files were measured. */
  readonly isPartial: boolean;
}

const batchFiles = 256;
const numbered: ReadonlySet<string> = new Set(['complexity', 'function.length']);

/** Measures the source files of the work tree at `root`, for at most `msMax` milliseconds and a batch. */
export async function measureCode(
  root: string,
  tests: readonly string[] | undefined,
  msMax: number,
): Promise<MeasuredCode> {
  const begunMs = performance.now();
  const analyser = createAnalyser();
  const rules = codeRules({ base: baseLimits(undefined), settings: { tests }, nowMs: Date.now() });
  const paths = (await trackedFiles(root)).filter(mayHoldSource);
  const over = new Set<string>();
  const unmeasured = new Set<string>();
  let at = 0;
  try {
    for (; at < paths.length && performance.now() - begunMs < msMax; at += batchFiles) {
      const batch = await Promise.all(paths.slice(at, at + batchFiles).map((path) => readChange(root, path)));
      const changes = batch.filter((change) => change !== undefined);
      for (const { code, subject, at: place } of await checkSources(analyser, changes, rules)) {
        if (numbered.has(code)) over.add(subject);
        else unmeasured.add(place.path);
      }
    }
  } finally {
    analyser.close();
  }
  const files = paths.slice(0, at).filter((path) => sourceKind(path) !== undefined).length;
  const ms = Math.round(performance.now() - begunMs);
  return { files, over: over.size, unmeasured: unmeasured.size, ms, isPartial: at < paths.length };
}

import {
  judgeSources,
  type SourceChange,
  type SourceJudgement,
  type UnmeasuredFile,
} from '../../analysis/check-sources.ts';
import { isCandidate } from '../../analysis/source-content.ts';
import { changedFiles } from '../../git/changed-files.ts';
import { existingPaths, gitAt } from '../../git/existing-paths.ts';
import type { ObjectReader } from '../../git/objects/reader.ts';
import type { GitPlace } from '../../git/place.ts';
import { renamesBetween } from '../../git/renames.ts';
import { limits } from '../../lib/limits.ts';
import { rulesOfPlan } from '../../plan/rules-of-plan.ts';
import type { CodeLimits, SourceReason } from '../../policies/altered.ts';
import type { CodeRules } from '../../policies/code-rules.ts';
import type { CommitFacts, PushFacts } from '../../policies/facts.ts';
import { mayHoldSource } from '../../policies/measure/source-kind.ts';
import { planAt } from '../../tasks/plan-cache.ts';
import { readProject } from '../../tasks/rows.ts';
import type { Grant } from '../../tiers/capability.ts';
import type { Gateway } from '../services.ts';

const sourceBytesMax = 64 * 1024 * 1024;

/** Commits to judge, and where their objects are. */
interface SourceView {
  readonly tips: readonly PushFacts[];
  readonly reader: ObjectReader;
  readonly place: GitPlace;
}

/** The judgement of the source at every tip: the code that it adds or makes worse against its base. */
export async function judgeSource(
  gateway: Gateway,
  project: string,
  { tips, reader, place }: SourceView,
  grant: Grant,
): Promise<SourceJudgement> {
  const reasons: SourceReason[] = [];
  const unmeasured: UnmeasuredFile[] = [];
  const { complexity, lines } = grant.cap;
  const rules = await rulesOf(gateway, project, { complexity, lines });
  for (const tip of tips) {
    const last = tip.commits.at(-1);
    if (last === undefined || tip.excess !== undefined) continue;
    const tree = { existing: (paths: readonly string[]) => existingPaths(gitAt(place), last.tree, paths) };
    const found = await judgeSources(gateway.analyser, await sourcesOf(last, reader, place), rules, tree);
    reasons.push(...found.reasons);
    unmeasured.push(...found.unmeasured);
  }
  return { reasons, unmeasured };
}

/** The changed source files of a commit against its base, with their contents. */
export async function sourcesOf(
  commit: Pick<CommitFacts, 'baseTree' | 'tree' | 'changes'>,
  reader: ObjectReader,
  place: GitPlace,
): Promise<SourceChange[]> {
  const { baseTree, tree } = commit;
  const files = await changedFiles(commit, reader, {
    wants: mayHoldSource,
    keeps: isCandidate,
    renames: async () => (baseTree === undefined ? new Map() : renamesBetween(place, baseTree, tree)),
    fileBytesMax: limits.analysisBytesMax,
    totalBytesMax: sourceBytesMax,
  });
  return files.map(({ tooLarge, ...file }) =>
    tooLarge === undefined ? file : { path: file.path, after: { sizeBytes: tooLarge } },
  );
}

/** The rules of the applied plan for code, under the ceilings of a grant where there is one. */
export async function rulesOf(
  { store, nowSeconds }: Gateway,
  project: string,
  ceilings?: CodeLimits,
): Promise<CodeRules> {
  const row = await readProject(store, project);
  const plan = await planAt(store, project, row?.planHash ?? null);
  return rulesOfPlan(plan, nowSeconds() * 1000, ceilings);
}

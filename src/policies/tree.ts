import type { Reason } from '../lib/decision.ts';
import { pathFault } from '../lib/paths.ts';
import type { CommitFacts, Oddity, PathChange, PushFacts } from './facts.ts';
import { createFindings, type Findings } from './findings.ts';

/** Limits of a tree; the size of a blob in bytes. */
export interface TreeLimits {
  readonly blobBytesMax: number;
}

const modeKinds: Readonly<Record<string, 'file' | 'symlink' | 'gitlink'>> = {
  '100644': 'file',
  '100755': 'file',
  '120000': 'symlink',
  '160000': 'gitlink',
};

/**
 * Tree hygiene, for every principal and every path: names, kinds, modes, twins, order and sizes of the
 * entries that the commits of a push add or alter. Entries that a base tree already holds are not judged.
 * Answers every reason.
 */
export function treeReasons(facts: PushFacts, limits: TreeLimits): Reason[] {
  const findings = createFindings();
  for (const commit of facts.commits) judgeTree(commit, limits, findings);
  return findings.list();
}

function judgeTree(commit: CommitFacts, limits: TreeLimits, findings: Findings): void {
  for (const change of commit.changes) judgeChange(change, limits, findings);
  for (const oddity of commit.oddities) judgeOddity(oddity, findings);
  for (const [added, other] of commit.twins) findings.add('tree.twin', added, { found: other });
}

function judgeChange(change: PathChange, limits: TreeLimits, findings: Findings): void {
  const { path, newMode, bytes } = change;
  if (newMode === undefined) return;
  const fault = pathFault(path);
  if (fault !== undefined) findings.add('tree.name', path, { found: fault });
  const kind = modeKinds[newMode];
  if (kind === 'symlink' || kind === 'gitlink') findings.add(`tree.${kind}`, path, { found: newMode });
  if (kind === undefined) findings.add('tree.mode', path, { found: newMode });
  if (bytes !== undefined && bytes > limits.blobBytesMax) {
    findings.add('tree.size', path, { found: bytes, limit: limits.blobBytesMax });
  }
}

const oddityCodes = {
  unsorted: 'tree.order',
  duplicate: 'tree.order',
  empty: 'tree.order',
  slash: 'tree.name',
  mode: 'tree.mode',
} as const satisfies Record<Oddity['kind'], string>;

const judgeOddity = ({ kind, path, found }: Oddity, findings: Findings): void =>
  findings.add(oddityCodes[kind], path, { found });

import type { Reason } from '../lib/decision.ts';
import type { CommitFacts, Excess, PathChange, PushFacts, TreeScope } from './facts.ts';
import { createFindings, type Findings } from './findings.ts';

/**
 * The frame rule: outside the write scope the tree of every new commit equals the mechanical merge of the accepted
 * work that it stands on. Judging each commit, and not the end points, is what catches an edit that a later commit
 * takes back. Answers every reason; a path is named for the first commit that touches it.
 */
export function frameReasons(facts: PushFacts, scope: TreeScope): Reason[] {
  const findings = createFindings();
  if (facts.excess !== undefined) findings.add('push.size', facts.tip, excessDetail(facts.excess));
  const outside = new Set<string>();
  for (const commit of facts.commits) {
    if (commit.trailer !== undefined) findings.add('push.trailer', commit.oid, { found: commit.trailer });
    if (commit.encoding !== undefined) {
      findings.add('push.object', commit.oid, {
        found: `message encoding ${commit.encoding}`,
        next: 'commit with i18n.commitEncoding unset (UTF-8)',
      });
    }
    judgeFrame(commit, facts, scope, { findings, outside });
  }
  return findings.list();
}

interface Seen {
  readonly findings: Findings;
  /** Paths outside the scope that an earlier commit of the push was named for. */
  readonly outside: Set<string>;
}

function judgeFrame(
  commit: CommitFacts,
  facts: PushFacts,
  scope: TreeScope,
  { findings, outside }: Seen,
): void {
  if (commit.accepted.length === 0 && facts.acceptedAny) {
    findings.add('frame.merge', commit.oid, {
      found: 'a history of its own, without a commit of main',
      next: 'start from main: git fetch origin main, then rebase onto it',
    });
    return;
  }
  for (const path of commit.conflicts.filter((one) => !scope.writable(one))) {
    findings.add('frame.conflict', path, { found: `outside ${scope.words}` });
  }
  const code = commit.parents.length > 1 ? 'frame.merge' : 'scope.write';
  for (const change of commit.changes) {
    const { path } = change;
    if (scope.writable(path)) {
      judgeInside(change, scope, findings);
    } else if (!outside.has(path)) {
      outside.add(path);
      findings.add(code, path, { found: outsideWords(change, scope) });
    }
  }
}

function judgeInside({ path, newMode }: PathChange, scope: TreeScope, findings: Findings): void {
  if (newMode === undefined && !scope.mayDelete) findings.add('scope.delete', path, { found: 'deleted' });
}

function outsideWords(change: PathChange, scope: TreeScope): string {
  if (change.newMode === undefined) return `deleted outside ${scope.words}`;
  return `outside ${scope.words}`;
}

const excessDetail = ({ what, limit }: Excess) => ({ found: `more ${what} than are judged at once`, limit });

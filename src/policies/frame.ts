import type { Reason } from '../lib/decision.ts';
import type { CommitFacts, Excess, PathChange, PushFacts, TreeScope } from './facts.ts';
import { createFindings, type Findings } from './findings.ts';

/**
 * The frame rule: outside the write scope the tree of every new commit equals the mechanical merge of the
 * accepted work that it stands on. Judging each commit, and not the end points, catches an edit that a later
 * commit takes back. Answers every reason; a path is named for the first commit that touches it.
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

interface FrameSight {
  readonly findings: Findings;
  /** Paths outside the scope that an earlier commit of the push was named for. */
  readonly outside: Set<string>;
}

function judgeFrame(
  commit: CommitFacts,
  facts: PushFacts,
  scope: TreeScope,
  { findings, outside }: FrameSight,
): void {
  if (commit.accepted.length === 0 && facts.acceptedAny) {
    findings.add('frame.merge', commit.oid, {
      found: 'a history of its own, without a commit of main',
      next: 'start from main: git fetch origin main, then git rebase FETCH_HEAD',
    });
    return;
  }
  const code = commit.parents.length > 1 ? 'frame.merge' : 'scope.write';
  const named = namingOf(commit, facts);
  judgeConflicts(commit, scope, findings, named);
  for (const change of commit.changes) {
    const { path } = change;
    const found = closedWords(change, scope);
    if (found === undefined) {
      judgeInside(change, scope, findings, named);
    } else if (!outside.has(path)) {
      outside.add(path);
      findings.add(
        scope.writable(path) ? 'scope.protected' : code,
        path,
        named(detailOf(found, path, scope)),
      );
    }
  }
}

function judgeConflicts(
  { conflicts }: CommitFacts,
  scope: TreeScope,
  findings: Findings,
  named: CommitNaming,
): void {
  for (const path of conflicts) {
    const found = closedWords({ path, newMode: 'any' }, scope);
    if (found !== undefined) findings.add('frame.conflict', path, named({ found }));
  }
}

function judgeInside(
  { path, newMode }: PathChange,
  scope: TreeScope,
  findings: Findings,
  named: CommitNaming,
): void {
  if (newMode === undefined && !scope.mayDelete)
    findings.add('scope.delete', path, named({ found: 'deleted' }));
}

interface FrameDetail {
  readonly found: string;
  readonly next?: string;
}

type CommitNaming = (detail: FrameDetail) => FrameDetail;

/** Names the commit where a push has several: a later commit that takes the change back does not help. */
function namingOf({ oid, accepted }: CommitFacts, { commits }: PushFacts): CommitNaming {
  const [base] = accepted;
  if (commits.length === 1 || base === undefined) return (detail) => detail;
  const again = `every commit of a push is judged: git reset --soft ${base.slice(0, 12)}, leave the path out, commit again`;
  return ({ found, next = again }) => ({ found: `${found}, in commit ${oid.slice(0, 12)}`, next });
}

const detailOf = (found: string, path: string, scope: TreeScope): FrameDetail =>
  scope.writable(path) || scope.protectedBy(path) === undefined
    ? { found }
    : {
        found: `${found}, and not in ${scope.words}`,
        next: 'leave the file out, or ask a person to name it under `write` and under `unprotect`: andon task ask <task> "…"',
      };

/**
 * The reason in words that a path is closed to the change; undefined for an open path. A protected path is
 * never called outside.
 */
function closedWords({ path, newMode }: PathChange, scope: TreeScope): string | undefined {
  const reader = scope.protectedBy(path);
  if (reader === undefined && scope.writable(path)) return undefined;
  const where = reader === undefined ? `outside ${scope.words}` : `protected, read by ${reader}`;
  return newMode === undefined ? `deleted ${where}` : where;
}

const excessDetail = ({ what, limit }: Excess) =>
  what === 'depth'
    ? {
        found: 'a folder with a path too long',
        limit: `${limit} characters`,
        next: 'move its files up: git mv, then git commit --amend',
      }
    : { found: `more ${what} than are judged at once`, limit };

import type { Reason, ReasonDetail } from '../lib/decision.ts';
import { createFindings, type Findings } from './findings.ts';

/** The update of one ref that a push asks for, with git's facts about it. */
export interface RefUpdate {
  /** The whole name: `refs/heads/task/cart-api/3/work`. */
  readonly ref: string;
  readonly kind: 'create' | 'move' | 'delete';
  /** True when the new commit descends from the old one, and for a new ref. */
  readonly forward: boolean;
  /** Type of the new object; a branch holds a `commit`. Absent for a deletion. */
  readonly type?: string;
}

/**
 * Reasons against ref updates outside the allowed ones: branches below the given prefixes
 * (`refs/heads/task/cart-api/3/`), only forward, only to commits, never deleted. A prefix that does not end
 * in `/` matches nothing.
 */
export function refReasons(updates: readonly RefUpdate[], prefixes: readonly string[]): Reason[] {
  const findings = createFindings();
  for (const update of updates) {
    const { ref } = update;
    if (isTag(ref)) {
      findings.add('ref.namespace', ref, tagDetail(updates));
      continue;
    }
    if (!prefixes.some((prefix) => below(ref, prefix))) {
      findings.add('ref.namespace', ref, { found: ref, limit: prefixes.join(', ') || 'no ref at all' });
    }
    judgeMove(update, findings);
  }
  return findings.list();
}

/** True for a tag, which may follow a push unasked. */
export const isTag = (ref: string): boolean => ref.startsWith('refs/tags/');

/** A tag is refused with the push that leaves the tags out: settings of git let them follow. */
function tagDetail(updates: readonly RefUpdate[]): ReasonDetail {
  const branch = updates.find(({ ref }) => !isTag(ref))?.ref ?? 'refs/heads/task/<task>/<epoch>/work';
  return { found: 'a tag', limit: 'branches of a task', next: withoutTags(branch) };
}

/** The push of a branch alone, whatever `push.followTags` says. */
export const withoutTags = (branch: string): string => `git push --no-follow-tags origin HEAD:${branch}`;

function judgeMove({ ref, kind, forward, type }: RefUpdate, findings: Findings): void {
  if (kind === 'delete') {
    findings.add('ref.delete', ref, { found: 'a deletion' });
    return;
  }
  if (kind === 'move' && !forward)
    findings.add('ref.forward', ref, { found: 'a move that leaves commits behind' });
  if (type === 'commit') return;
  findings.add('push.object', ref, { found: `a ${type ?? 'missing object'}`, next: 'push a commit' });
}

const below = (ref: string, prefix: string): boolean =>
  prefix.endsWith('/') && ref.startsWith(prefix) && ref.length > prefix.length;

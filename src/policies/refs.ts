import type { Reason } from '../lib/decision.ts';
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
    if (!prefixes.some((prefix) => below(ref, prefix))) {
      findings.add('ref.namespace', ref, { found: ref, limit: prefixes.join(', ') || 'no ref at all' });
    }
    judgeMove(update, findings);
  }
  return findings.list();
}

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

import type { TreeDiff } from '../../git/objects/diff.ts';
import { compileScope } from '../../lib/glob-match.ts';
import { protectionIn } from '../../plan/protected-writes.ts';
import type { PathChange, PushFacts, TreeScope } from '../../policies/facts.ts';
import { frameReasons } from '../../policies/frame.ts';
import { type Session, statement } from '../../store/store.ts';
import { planAt } from '../../tasks/plan-cache.ts';
import type { ChangeRow } from '../../tasks/rows.ts';
import type { Tier } from '../../tiers/actions.ts';
import { profiles } from '../../tiers/profiles.ts';

/** A rule that a change was held to. */
export interface Check {
  /** The code of the refusal that the rule would give. */
  readonly policy: string;
  readonly passed: boolean;
  readonly found: string | number;
  readonly limit: string | number;
  /** The file, or the place in a file, that comes nearest to the limit; empty for a rule over the whole change. */
  readonly subject: string;
}

const scopeOf = statement(
  'checks.scope',
  `select coalesce(t.write, '{}') as write, coalesce(t.deny, '{}') as deny, g.cap->>'tier' as tier, p.plan_hash as "planHash"
   from projects p left join tasks t on t.project = p.name and t.id = $2 left join grants g on g.gid = $3
   where p.name = $1`,
);
interface ScopeRow {
  readonly write: readonly string[];
  readonly deny: readonly string[];
  readonly tier: Tier | null;
  readonly planHash: string | null;
}
const noRow: ScopeRow = { write: [], deny: [], tier: null, planHash: null };

/** The rules for the paths of a change, judged as a push of its whole difference would be under the plan of today. */
export async function scopeChecks(
  session: Session,
  change: Pick<ChangeRow, 'project' | 'task' | 'gid' | 'base' | 'candidate' | 'tree'>,
  diff: TreeDiff,
): Promise<Check[]> {
  const { project, task, gid } = change;
  const [row = noRow] = await session.rows<ScopeRow>(scopeOf, [project, task, gid]);
  const plan = await planAt(session, project, row.planHash);
  const scope: TreeScope = {
    writable: compileScope(row.write, row.deny),
    protectedBy: protectionIn(plan, task).against,
    mayDelete: row.tier !== null && profiles[row.tier].deletes,
    words: row.write.join(', ') || 'no path',
  };
  return pathChecks(frameReasons(pushOf(change, diff), scope), diff.changes, scope);
}

/** A push of one commit that holds the whole change. */
function pushOf(
  { base, candidate, tree }: Pick<ChangeRow, 'base' | 'candidate' | 'tree'>,
  diff: TreeDiff,
): PushFacts {
  const { excess, ...rest } = diff;
  const commit = { oid: candidate, parents: [base], tree, accepted: [base], conflicts: [], ...rest };
  return { tip: candidate, commits: [commit], acceptedAny: true, ...(excess && { excess }) };
}

/** A row for each rule, with the number of paths that break it and the first of them. Pure. */
function pathChecks(
  reasons: ReturnType<typeof frameReasons>,
  changes: readonly PathChange[],
  { words, mayDelete }: TreeScope,
): Check[] {
  const row = (policy: string, limit: string | number, held: string): Check => {
    const against = reasons.filter(({ code }) => code === policy);
    const [first] = against;
    if (first === undefined) return { policy, passed: true, found: held, limit, subject: '' };
    return { policy, passed: false, found: paths(against.length), limit, subject: first.subject };
  };
  const deleted = changes.filter(({ newMode }) => newMode === undefined).length;
  const cut = reasons.filter(({ code }) => code === 'push.size');
  return [
    row('scope.write', words, paths(changes.length)),
    row('scope.protected', 'none', 'none'),
    row('scope.delete', mayDelete ? 'any' : 'none', deleted === 0 ? 'none' : paths(deleted)),
    ...cut.map(({ code, found = '', limit = '', subject }) => ({
      ...{ policy: code, passed: false, found, limit, subject },
    })),
  ];
}

const paths = (count: number): string => (count === 1 ? '1 path' : `${count} paths`);

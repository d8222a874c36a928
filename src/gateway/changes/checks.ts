import { z } from 'zod';
import {
  judgeSources,
  type NearestUnits,
  nearestUnits,
  type SourceJudgement,
} from '../../analysis/check-sources.ts';
import { existingPaths, gitAt } from '../../git/existing-paths.ts';
import { diffTrees } from '../../git/objects/diff.ts';
import { compileScope } from '../../lib/glob-match.ts';
import { limits } from '../../lib/limits.ts';
import type { PathChange } from '../../policies/facts.ts';
import type { HeldUnit } from '../../policies/ratchet.ts';
import { type Session, statement } from '../../store/store.ts';
import type { ChangeRow } from '../../tasks/rows.ts';
import type { Tier } from '../../tiers/actions.ts';
import { profiles } from '../../tiers/profiles.ts';
import { readableBy } from '../../tiers/scopes.ts';
import { id, project } from '../admission/inputs.ts';
import { query } from '../admission/procedure.ts';
import { rulesOf, sourcesOf } from '../pushes/judge-source.ts';
import type { Gateway } from '../services.ts';
import { findChange } from './find-change.ts';

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

/** The procedure `change.checks`: a change beside the rules for what it may touch and for its code. */
export function checksProcedure(gateway: Gateway) {
  return query(gateway, {
    action: 'change:read',
    description:
      'Shows a change beside the rules that it is held to today: scope, deletions, and the functions that come nearest to their limits.',
    input: z.strictObject({ project, change: id }),
    answer: async (input, { grant }) => {
      const change = await findChange(gateway.store, input.project, input.change);
      // A merge with the upstream has no scope, and the code of colleagues is not held to the limits of agents.
      if (change.candidate === '' || change.kind === 'sync') return { rows: [], unmeasured: [] };
      const { changes, judged, nearest } = await facts(gateway, change);
      const readable = readableBy(grant.cap);
      const pathOf = (subject: string): string => subject.replace(/:\d+(?: .*)?$/s, '');
      const seen = (row: Check): Check =>
        row.subject === '' || readable(pathOf(row.subject)) ? row : { ...row, subject: 'outside your scope' };
      const scope = await scopeChecks(gateway.store, change, changes);
      return {
        rows: [...scope, ...codeChecks(judged, nearest)].map(seen),
        unmeasured: judged.unmeasured.filter(({ path }) => readable(path)),
      };
    },
  });
}

/** The difference of a candidate from its main, and the judgement of its code under the plan of today. */
async function facts(
  gateway: Gateway,
  { project, base, tree }: ChangeRow,
): Promise<{ changes: readonly PathChange[]; judged: SourceJudgement; nearest: NearestUnits }> {
  const { repository, reader } = await gateway.git.open(project);
  const place = { runner: gateway.git.runner, gitDir: repository.gitDir };
  const { tree: baseTree } = await reader.commit(base);
  const { changes } = await diffTrees(reader, baseTree, tree, limits.pushPathsMax);
  const sources = await sourcesOf({ baseTree, tree, changes }, reader, place);
  const rules = await rulesOf(gateway, project);
  const files = { existing: (paths: readonly string[]) => existingPaths(gitAt(place), tree, paths) };
  const judged = await judgeSources(gateway.analyser, sources, rules, files);
  return { changes, judged, nearest: await nearestUnits(gateway.analyser, sources, rules) };
}

const scopeOf = statement(
  'checks.scope',
  `select t.write, t.deny, g.cap->>'tier' as tier from tasks t left join grants g on g.gid = $3
   where t.project = $1 and t.id = $2`,
);
type ScopeRow = { readonly write: string[]; readonly deny: string[]; readonly tier: Tier | null };

async function scopeChecks(
  session: Session,
  { project, task, gid }: ChangeRow,
  changes: readonly PathChange[],
): Promise<Check[]> {
  const [row] = await session.rows<ScopeRow>(scopeOf, [project, task, gid]);
  const { write, deny, tier } = row ?? { write: [], deny: [], tier: null };
  const isWithin = compileScope(write, deny);
  const outside = changes.find(({ path }) => !isWithin(path));
  const held = {
    policy: 'scope.write',
    passed: outside === undefined,
    found: changes.length === 1 ? '1 path' : `${changes.length} paths`,
    limit: write.join(', ') || 'no path',
    subject: outside?.path ?? '',
  };
  return [held, deletions(changes, tier !== null && profiles[tier].deletes)];
}

/** The files that a change takes away, beside the right of its author's tier to delete. */
function deletions(changes: readonly PathChange[], mayDelete: boolean): Check {
  const deleted = changes.filter(({ newOid }) => newOid === undefined);
  return {
    ...{
      policy: 'scope.delete',
      passed: mayDelete || deleted.length === 0,
      limit: mayDelete ? 'any' : 'none',
    },
    found: deleted.length === 0 ? 'none' : deleted.length,
    subject: deleted[0]?.path ?? '',
  };
}

/** The row of each limit of functions, and one for every other reason against the code. Pure. */
function codeChecks({ reasons }: SourceJudgement, { complexity, length }: NearestUnits): Check[] {
  const failed = new Map(reasons.map((one) => [one.code as string, one]));
  const ofLimit = (policy: string, held: HeldUnit | undefined): Check[] => {
    const against = failed.get(policy);
    if (against !== undefined || held === undefined) return [];
    const { path, unit, found, limit } = held;
    return [{ policy, passed: true, found, limit, subject: `${path}:${unit.startLine} ${unit.qualified}` }];
  };
  return [
    ...ofLimit('complexity', complexity),
    ...ofLimit('function.length', length),
    ...reasons.map(({ code, found, limit, subject }) => ({
      ...{ policy: code, passed: false, found: found ?? '', limit: limit ?? '', subject },
    })),
  ];
}

import { z } from 'zod';
import {
  judgeSources,
  type NearestUnits,
  nearestUnits,
  type SourceJudgement,
} from '../../analysis/check-sources.ts';
import { existingPaths, gitAt } from '../../git/existing-paths.ts';
import { diffTrees, type TreeDiff } from '../../git/objects/diff.ts';
import { limits } from '../../lib/limits.ts';
import type { HeldUnit } from '../../policies/ratchet.ts';
import type { ChangeRow } from '../../tasks/rows.ts';
import { readableBy } from '../../tiers/scopes.ts';
import { id, project } from '../admission/inputs.ts';
import { query } from '../admission/procedure.ts';
import { rulesOf, sourcesOf } from '../pushes/judge-source.ts';
import type { Gateway } from '../services.ts';
import { findChange } from './find-change.ts';
import { type Check, scopeChecks } from './scope-checks.ts';

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
      const { diff, judged, nearest } = await facts(gateway, change);
      const readable = readableBy(grant.cap);
      const pathOf = (subject: string): string => subject.replace(/:\d+(?: .*)?$/s, '');
      const seen = (row: Check): Check =>
        row.subject === '' || readable(pathOf(row.subject)) ? row : { ...row, subject: 'outside your scope' };
      const scope = await scopeChecks(gateway.store, change, diff);
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
): Promise<{ diff: TreeDiff; judged: SourceJudgement; nearest: NearestUnits }> {
  const { repository, reader } = await gateway.git.open(project);
  const place = { runner: gateway.git.runner, gitDir: repository.gitDir };
  const { tree: baseTree } = await reader.commit(base);
  const diff = await diffTrees(reader, baseTree, tree, limits.pushPathsMax);
  const sources = await sourcesOf({ baseTree, tree, changes: diff.changes }, reader, place);
  const rules = await rulesOf(gateway, project);
  const files = { existing: (paths: readonly string[]) => existingPaths(gitAt(place), tree, paths) };
  const judged = await judgeSources(gateway.analyser, sources, rules, files);
  return { diff, judged, nearest: await nearestUnits(gateway.analyser, sources, rules) };
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

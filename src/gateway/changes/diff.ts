import { z } from 'zod';
import { defined } from '../../lib/defined.ts';
import { fail } from '../../lib/errors.ts';
import type { ChangeRow } from '../../tasks/rows.ts';
import { id, project, text } from '../admission/inputs.ts';
import { query } from '../admission/procedure.ts';
import type { Patch } from '../repositories/offer.ts';
import type { PatchWish } from '../repositories/patch.ts';
import type { Gateway } from '../services.ts';
import { findChange } from './find-change.ts';

const input = z.strictObject({
  project,
  change: id,
  path: text(4096).optional().describe('One file, or a folder for the files below it'),
  context: z.number().int().min(0).max(50).optional().describe('Lines around each difference; 3 without'),
  against: id
    .optional()
    .describe('Another change of the task: shows what became of its commit since, in the files of either'),
});

/** The procedure `change.diff`: the patch of a change, against its main or against another attempt at its task. */
export function diffProcedure(gateway: Gateway) {
  return query(gateway, {
    action: 'change:read',
    description:
      'Shows the patch of a change’s candidate against the main it was built on, or against another attempt at its task, within the read scope.',
    input,
    answer: async (asked, { grant }) => {
      const change = await findChange(gateway.store, asked.project, asked.change);
      const { id: changeId, tree } = change;
      const wish = { path: asked.path, context: asked.context };
      if (asked.against !== undefined) {
        const other = await findChange(gateway.store, asked.project, asked.against);
        const ends = await between(gateway, change, other);
        const patch = await gateway.git.patch(asked.project, ends, grant.cap, { ...wish, paths: ends.paths });
        return { change: changeId, tree, ...patch };
      }
      const patch: Patch = await gateway.git.patch(asked.project, change, grant.cap, wish);
      // Only the whole difference from main binds a judgement to its tree.
      const before = gateway.shownTrees.show(grant.grantId, changeId, tree);
      return { change: changeId, tree, ...defined({ before }), ...patch };
    },
  });
}

/**
 * The commits of two attempts at one task, and the files that either of them alters: others may have landed between
 * the mains that they began from. Throws `change.other`.
 */
async function between(
  { git }: Gateway,
  change: ChangeRow,
  other: ChangeRow,
): Promise<{ base: string; candidate: string; paths: NonNullable<PatchWish['paths']> }> {
  if (other.task !== change.task || other.kind !== change.kind || other.commitId === '')
    throw fail('change.other', `change/${other.id}`, {
      found: other.task || other.kind,
      limit: change.task || change.kind,
    });
  const pathsOf = async (one: ChangeRow): Promise<readonly string[]> => {
    // The candidate of a change that has ended may be swept; its commit stays, on a main of its own age.
    const tree = await git.treeOf(one.project, one.candidate || one.commitId).catch(() => undefined);
    const held = tree ?? (await git.treeOf(one.project, one.commitId));
    return (await git.changedPaths(one.project, { ...one, tree: held })) ?? [];
  };
  const [paths, earlier] = await Promise.all([change, other].map(pathsOf));
  return {
    base: other.commitId,
    candidate: change.commitId,
    paths: new Set([...(paths ?? []), ...(earlier ?? [])]),
  };
}

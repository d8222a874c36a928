import { z } from 'zod';
import { openMerge } from '../../changes/open-merge.ts';
import { allowUnless, type Reason, reason } from '../../lib/decision.ts';
import { AndonError } from '../../lib/errors.ts';
import { shortId } from '../../lib/ids.ts';
import type { RefUpdate } from '../../policies/refs.ts';
import { event } from '../../store/log/events.ts';
import type { ChangeRow } from '../../tasks/rows.ts';
import type { VerifiedToken } from '../../tiers/capability.ts';
import { callOf } from '../admission/admission.ts';
import { admit } from '../admission/admit.ts';
import type { MutationDefinition } from '../admission/definitions.ts';
import { mergeNamedBy } from '../repositories/merge-tips.ts';
import type { Gateway } from '../services.ts';

/** git's facts about the push of a merge. */
export interface SeenMerge {
  readonly updates: readonly RefUpdate[];
  /** The pushed commit and its parents; undefined where no commit was pushed. */
  readonly tip: { readonly commit: string; readonly parents: readonly string[] } | undefined;
}

const input = z.strictObject({ project: z.string(), refs: z.array(z.string()), tip: z.string() });
type MergeInput = z.infer<typeof input>;

/** The reason against the push of a merge of main with the upstream. Pure. */
function mergeReasons({ updates, tip }: SeenMerge, open: ChangeRow | undefined): Reason[] {
  const [update, ...others] = updates;
  if (update === undefined) return [];
  if (others.length > 0)
    return [
      reason('ref.namespace', update.ref, { found: `${updates.length} refs`, limit: 'this one alone' }),
    ];
  const against = moveReason(update) ?? nameReason(update.ref, open);
  if (against !== undefined || open === undefined) return against === undefined ? [] : [against];
  if (tip === undefined)
    return [reason('push.object', update.ref, { found: 'no commit', next: 'push a commit' })];
  return parentReasons(tip, open);
}

function moveReason({ ref, kind }: RefUpdate): Reason | undefined {
  if (kind === 'delete') return reason('ref.delete', ref, { found: 'a deletion' });
  if (kind === 'create') return undefined;
  const found = 'a merge that the gateway has not taken yet';
  return reason('ref.forward', ref, { found, next: 'push again in a second' });
}

function nameReason(ref: string, open: ChangeRow | undefined): Reason | undefined {
  if (open === undefined)
    return reason('change.missing', ref, { found: 'no open merge', next: 'andon sync --merge' });
  const named = mergeNamedBy(ref);
  if (named !== open.id && named !== shortId(open.id))
    return reason('change.missing', ref, {
      found: 'another merge',
      next: `push to refs/heads/sync/${open.id}`,
    });
  return open.state === 'landing' ? reason('change.state', ref, { found: open.state }) : undefined;
}

function parentReasons(
  { commit, parents }: NonNullable<SeenMerge['tip']>,
  { base, commitId }: ChangeRow,
): Reason[] {
  const tips = [base, commitId];
  if (parents.length === 2 && tips.every((one) => parents.includes(one))) return [];
  const found = parents.length === 0 ? 'no parent' : parents.map(short).join(' and ');
  const next = `git checkout ${short(base)}, git merge ${short(commitId)}, and push that merge; where they have moved: andon sync --merge`;
  return [reason('sync.parents', short(commit), { found, limit: tips.map(short).join(' and '), next })];
}

const short = (commit: string): string => commit.slice(0, 12);

const definition = (
  seen: SeenMerge,
): MutationDefinition<
  'project:sync',
  MergeInput,
  SeenMerge,
  ChangeRow | undefined,
  undefined,
  { accepted: number }
> => ({
  action: 'project:sync',
  description: 'Pushes the merge of main with the upstream, where both conflict.',
  input,
  prepare: () => seen,
  facts: (tx, { input: { project } }) => openMerge(tx, project),
  decide: ({ prepared, facts }) => allowUnless(mergeReasons(prepared, facts)),
  // The worker binds the change to it, from its ref: the objects are still in quarantine here.
  effect: (_tx, _permit, { input: { refs, tip }, facts: open }) => ({
    answer: { accepted: 1 },
    events: [
      event('change.pushed', `change/${open?.id ?? ''}`, {
        ...{ epoch: 0, refs, tips: [tip], commits: [tip], count: 1 },
      }),
    ],
  }),
});

/** Admits or refuses the push of a merge; answers every reason, none for an accepted push. */
export async function judgeMerge(
  gateway: Gateway,
  project: string,
  token: VerifiedToken,
  seen: SeenMerge,
): Promise<readonly Reason[]> {
  const refs = seen.updates.map(({ ref }) => ref);
  try {
    await admit(gateway, definition(seen), callOf(token), { project, refs, tip: seen.tip?.commit ?? '' });
    return [];
  } catch (error) {
    if (error instanceof AndonError) return error.reasons;
    throw error;
  }
}

import { z } from 'zod';
import { followTips } from '../../changes/merges.ts';
import { clearSyncStop, syncStop } from '../../changes/sync-stop.ts';
import { intendSync, openSync, readSyncs, type SyncRow } from '../../changes/syncs.ts';
import type { UpstreamComparison } from '../../git/upstream.ts';
import { allowed, denied, type Reason, reason } from '../../lib/decision.ts';
import { AndonError, fail } from '../../lib/errors.ts';
import { pullCord } from '../../stops/rows.ts';
import { event } from '../../store/log/events.ts';
import { planAt } from '../../tasks/plan-cache.ts';
import { readProject } from '../../tasks/rows.ts';
import type { Effect } from '../admission/definitions.ts';
import { project } from '../admission/inputs.ts';
import { mutation, query } from '../admission/procedure.ts';
import type { Gateway } from '../services.ts';

/** The result of a sync, with main after the call; of a divergence the reason, which refuses it. */
export type SyncAnswer =
  | { readonly kind: 'same' | 'ahead'; readonly main: string; readonly sync?: string }
  | {
      readonly kind: 'forwarded';
      readonly from: string;
      readonly main: string;
      readonly sync: string;
      readonly commits: number;
      readonly authors: readonly string[];
    }
  | { readonly kind: 'diverged'; readonly main: string; readonly reason: Reason };

interface SyncFacts {
  /** The move of main that is under way, by this call or another. */
  readonly open: SyncRow | undefined;
  readonly found: UpstreamComparison | undefined;
}

/**
 * The procedure `project.sync`: takes the upstream's main. Main moves after the intent is committed, as for a landing; a
 * divergence is an answer until its event is committed: thrown inside of the transaction it would erase its own record.
 */
export function syncProcedure(gateway: Gateway) {
  return mutation(gateway, {
    action: 'project:sync',
    description:
      'Takes the upstream’s main, fast-forward only; a divergence is refused, recorded, and pulls the cord yellow.',
    input: z.strictObject({ project }),
    exclusive: true,
    // The network may take minutes, so the fetch ends before the project is locked; the tip that it answers
    // never changes.
    prepare: async (input) => {
      const { store, git } = gateway;
      const upstream = (await readProject(store, input.project))?.upstream ?? undefined;
      if (upstream === undefined) return undefined;
      const tip = await git.fetchUpstream(input.project, upstream);
      return { tip, fence: await git.fence(input.project) };
    },
    facts: async (tx, { input, prepared }): Promise<SyncFacts> => ({
      open: await openSync(tx, input.project),
      found:
        prepared === undefined ? undefined : await gateway.git.compareUpstream(input.project, prepared.tip),
    }),
    decide: ({ input, prepared, facts: { found, open } }) =>
      prepared === undefined || found === undefined
        ? denied(reason('repo.missing', `${input.project} upstream`, { next: 'andon init --upstream URL' }))
        : allowed({ found, open, fence: prepared.fence }),
    effect: async (tx, { decided }, { input, grant, entered }): Promise<Effect<SyncAnswer>> => {
      const { found, open, fence } = decided;
      const subject = `project/${input.project}`;
      if (open !== undefined)
        return { answer: { kind: 'same', main: open.newMain, sync: open.id }, events: [] };
      const plan = await planAt(tx, input.project, entered.planHash);
      const followed = await followTips(tx, gateway.git.merges, input.project, found, plan);
      if (found.kind === 'diverged') {
        const why = reason('sync.diverged', subject, { found: found.tip, limit: found.main });
        const answer = { kind: 'diverged', main: '', reason: why } as const;
        const stops = await pullCord(tx, syncStop(input.project, found.words));
        return { answer, events: [event('sync.diverged', subject, answer), ...followed, ...stops] };
      }
      if (found.kind !== 'forward') {
        const synced = event('project.synced', subject, found);
        return { answer: found, events: [synced, ...followed, ...(await clearSyncStop(tx, input.project))] };
      }
      const { main: from, tip: main, commits, authors } = found;
      const by = { agent: grant.sub, grantId: grant.grantId };
      const move = { project: input.project, oldMain: from, newMain: main, fence, commits, authors };
      const sync = await intendSync(tx, { ...move, by, settingBy: null });
      return { answer: { kind: 'forwarded', from, main, sync, commits, authors }, events: followed };
    },
    after: async (answer, input) => {
      if (answer.kind === 'diverged') throw new AndonError([answer.reason]);
      const { sync } = answer;
      if (sync !== undefined && !(await gateway.workers.settleSync(input.project, sync)))
        throw fail('git.failed', input.project, { found: 'main moved meanwhile', next: 'andon sync again' });
      gateway.workers.wake(input.project);
      return answer;
    },
  });
}

/** The procedure `project.syncs`: what came to main from the upstream, not judged by Andon. */
export const syncsProcedure = (gateway: Gateway) =>
  query(gateway, {
    action: 'project:read',
    description: 'Lists what came to main from the upstream, which Andon has not judged, the latest first.',
    input: z.strictObject({ project, limit: z.number().int().min(1).max(500).default(50) }),
    answer: (input) => readSyncs(gateway.store, input.project, input.limit),
  });

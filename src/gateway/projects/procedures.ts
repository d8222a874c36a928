import { asc, eq, ne } from 'drizzle-orm';
import { z } from 'zod';
import { clearSyncStop, syncStop } from '../../changes/sync-stop.ts';
import type { SyncResult } from '../../git/upstream.ts';
import { allowed, denied, type Reason, reason } from '../../lib/decision.ts';
import { AndonError, fail } from '../../lib/errors.ts';
import { pullCord } from '../../stops/rows.ts';
import { event } from '../../store/log/events.ts';
import { readProject } from '../../tasks/rows.ts';
import { projects } from '../../tasks/schema.ts';
import type { Effect } from '../admission/definitions.ts';
import { name, project, text } from '../admission/inputs.ts';
import { mutation, query, t } from '../admission/procedure.ts';
import type { Repositories } from '../repositories/repositories.ts';
import type { Gateway } from '../services.ts';

/** Projects: repositories under Andon. */
export function projectRouter(gateway: Gateway) {
  const { feed, git, logKeeper, store } = gateway;
  return t.router({
    create: createProcedure(gateway),
    list: listProcedure(gateway),
    status: query(gateway, {
      action: 'project:read',
      description: 'Shows a project at a glance: main, plan, tasks by state.',
      input: z.strictObject({ project }),
      answer: async (input) => {
        const row = await readProject(store, input.project);
        const main = await git.main(input.project).catch(() => null);
        const {
          mainBranch: branch = null,
          upstream = null,
          planRevision: revision = 0,
          epoch = 0,
        } = row ?? {};
        const below = logKeeper.reason?.found ?? null;
        const at = { position: feed.position, below };
        return { project: input.project, main, branch, upstream, revision, epoch, ...at };
      },
    }),
    sync: syncProcedure(gateway),
  });
}

function createProcedure(gateway: Gateway) {
  return mutation(gateway, {
    action: 'project:create',
    description: 'Adopts a repository: its history is taken over once, the source is only read.',
    input: z.strictObject({
      project: name,
      source: text(4096).optional(),
      branch: text(200).optional(),
      upstream: text(4096).optional(),
    }),
    prepare: (input) => gateway.git.create(input.project, input.source, input.branch),
    facts: async (tx, { input }) => {
      const [row] = await tx.orm
        .select()
        .from(projects)
        .where(eq(projects.name, input.project))
        .for('update');
      return row;
    },
    decide: ({ input, facts }) =>
      facts === undefined ? allowed(undefined) : denied(reason('project.exists', input.project)),
    effect: async (tx, _permit, { input, prepared }) => {
      const upstream = input.upstream ?? null;
      const row = { name: input.project, repository: prepared.gitDir, mainBranch: prepared.branch, upstream };
      const made = await tx.orm.insert(projects).values(row).onConflictDoNothing().returning();
      // There was no row to lock yet: another gateway made it at the same moment.
      if (made.length === 0) throw fail('project.exists', input.project);
      const answer = { project: input.project, branch: prepared.branch, main: prepared.main };
      const data = { ...answer, upstream };
      return { answer, events: [event('project.created', `project/${input.project}`, data)] };
    },
    after: (answer) => {
      gateway.tokens.know(answer.project);
      return answer;
    },
  });
}

function listProcedure(gateway: Gateway) {
  const { store } = gateway;
  return query(gateway, {
    action: 'project:read',
    description: 'Lists the projects of the gateway.',
    input: z.strictObject({ project: project.default('*') }),
    answer: async (input) => {
      const rows = store.orm
        .select({
          project: projects.name,
          branch: projects.mainBranch,
          upstream: projects.upstream,
          revision: projects.planRevision,
        })
        .from(projects);
      return rows
        .where(input.project === '*' ? ne(projects.name, '*') : eq(projects.name, input.project))
        .orderBy(asc(projects.name));
    },
  });
}

/**
 * The result of a sync, with main after the call; empty when both sides have commits of their own, which is
 * refused.
 */
export type SyncAnswer =
  | SyncResult
  | { readonly kind: 'diverged'; readonly main: string; readonly reason: Reason };

/**
 * Follows the upstream. A divergence is an answer until its event is committed: thrown inside the transaction
 * it would erase its own record.
 */
async function tryToFollow(git: Repositories, projectName: string, theirs: string): Promise<SyncAnswer> {
  try {
    return await git.followUpstream(projectName, theirs);
  } catch (error) {
    if (error instanceof AndonError && error.code === 'sync.diverged')
      return { kind: 'diverged', main: '', reason: error.reasons[0] };
    throw error;
  }
}

function syncProcedure(gateway: Gateway) {
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
      return upstream === undefined ? undefined : git.fetchUpstream(input.project, upstream);
    },
    decide: ({ input, prepared }) =>
      prepared === undefined
        ? denied(reason('repo.missing', `${input.project} upstream`, { next: 'andon init --upstream URL' }))
        : allowed(prepared),
    effect: async (tx, { decided: tip }, { input }): Promise<Effect<SyncAnswer>> => {
      const answer = await tryToFollow(gateway.git, input.project, tip);
      const subject = `project/${input.project}`;
      if (answer.kind !== 'diverged') {
        const synced = event('project.synced', subject, answer);
        return { answer, events: [synced, ...(await clearSyncStop(tx, input.project))] };
      }
      const stops = await pullCord(tx, syncStop(input.project, answer.reason.found));
      return { answer, events: [event('sync.diverged', subject, answer), ...stops] };
    },
    after: (answer) => {
      if (answer.kind === 'diverged') throw new AndonError([answer.reason]);
      return answer;
    },
  });
}

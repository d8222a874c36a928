import { asc, eq, ne } from 'drizzle-orm';
import { z } from 'zod';
import { allowed, denied, reason } from '../../lib/decision.ts';
import { fail } from '../../lib/errors.ts';
import { event } from '../../store/log/events.ts';
import { readProject } from '../../tasks/rows.ts';
import { projects } from '../../tasks/schema.ts';
import { name, project, text } from '../admission/inputs.ts';
import { mutation, query, t } from '../admission/procedure.ts';
import type { Gateway } from '../services.ts';
import { mergeProcedure } from './merge.ts';
import { syncProcedure, syncsProcedure } from './sync.ts';

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
    syncs: syncsProcedure(gateway),
    merge: mergeProcedure(gateway),
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

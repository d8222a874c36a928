import { asc, eq, ne } from 'drizzle-orm';
import { z } from 'zod';
import { reason } from '../../lib/decision.ts';
import { projects } from '../../tasks/schema.ts';
import type { Gateway } from '../door/gateway.ts';
import { mutation, query, t } from '../door/procedure.ts';
import { name, project, text } from './inputs.ts';

/** Projects: repositories under Andon. */
export function projectRouter(gateway: Gateway) {
  return t.router({
    create: mutation(gateway, {
      action: 'project:create',
      description: 'Adopts a repository: its history is taken over once, the source is only read.',
      input: z.strictObject({
        project: name,
        source: text(4096).optional(),
        branch: text(200).optional(),
        upstream: text(4096).optional(),
      }),
      fixed: ({ git }, input) => git.create(input.project, input.source, input.branch),
      moving: async (tx, { input }) => {
        const [row] = await tx.orm
          .select()
          .from(projects)
          .where(eq(projects.name, input.project))
          .for('update');
        return row;
      },
      decide: ({ input, moving }) => (moving === undefined ? [] : [reason('project.exists', input.project)]),
      effect: async (tx, _permit, { input, fixed }) => {
        await tx.orm.insert(projects).values({
          name: input.project,
          repository: fixed.gitDir,
          mainBranch: fixed.branch,
          upstream: input.upstream ?? null,
        });
        const answer = { project: input.project, branch: fixed.branch, main: fixed.main };
        return {
          answer,
          events: [
            {
              type: 'project.created',
              subject: `project/${input.project}`,
              data: { ...answer, upstream: input.upstream ?? null },
            },
          ],
        };
      },
      after: async ({ tokens }, answer) => {
        tokens.know(answer.project);
        return answer;
      },
    }),
    list: query(gateway, {
      action: 'project:read',
      description: 'Lists the projects of the gateway.',
      input: z.strictObject({ project: project.default('*') }),
      answer: async ({ store }, input) => {
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
    }),
    status: query(gateway, {
      action: 'project:read',
      description: 'Shows a project at a glance: main, plan, tasks by state.',
      input: z.strictObject({ project }),
      answer: async ({ store, git, feed }, input) => {
        const [row] = await store.orm.select().from(projects).where(eq(projects.name, input.project));
        const main = await git.main(input.project).catch(() => null);
        return {
          project: input.project,
          main,
          branch: row?.mainBranch ?? null,
          upstream: row?.upstream ?? null,
          revision: row?.planRevision ?? 0,
          epoch: row?.epoch ?? 0,
          position: feed.position,
        };
      },
    }),
    sync: mutation(gateway, {
      action: 'project:sync',
      description: 'Takes the upstream’s main, fast-forward only; a divergence is refused and recorded.',
      input: z.strictObject({ project }),
      exclusive: true,
      fixed: async (door, input) => {
        const [row] = await door.store.orm
          .select({ upstream: projects.upstream })
          .from(projects)
          .where(eq(projects.name, input.project));
        return row?.upstream ?? undefined;
      },
      moving: async () => undefined,
      decide: ({ input, fixed }) =>
        fixed === undefined
          ? [reason('repo.missing', `${input.project} upstream`, { next: 'andon init --upstream URL' })]
          : [],
      effect: async (_tx, _permit, { input, fixed }, { git }) => {
        const result = await git.sync(input.project, fixed ?? '');
        return {
          answer: result,
          events: [{ type: 'project.synced', subject: `project/${input.project}`, data: { ...result } }],
        };
      },
    }),
  });
}

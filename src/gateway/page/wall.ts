import { z } from 'zod';
import { project } from '../admission/inputs.ts';
import { query } from '../admission/procedure.ts';
import type { Gateway } from '../services.ts';
import type { WallFacts } from './shapes.ts';
import { readWallAgents, readWallProjects, readWallTasks } from './wall-rows.ts';
import { readWallStops } from './wall-stops.ts';

/** The procedure `page.wall`: facts of one project or of all, with the position that they hold at. */
export function wallProcedure(gateway: Gateway) {
  const { store, feed, git } = gateway;
  return query(gateway, {
    action: 'project:read',
    description:
      'Shows the line at a glance: stops, phases, counts, and each agent with its last accepted event; follow event.stream from `position`.',
    input: z.strictObject({ project }),
    answer: async ({ project: name }): Promise<WallFacts> => {
      // Read first: facts may be ahead of the position, and an event that is folded in twice changes nothing.
      const { position } = feed;
      // Git answers for the heads of main while the database counts.
      const withMain = readWallProjects(store, name).then((found) =>
        Promise.all(found.map(async (one) => ({ ...one, main: await git.main(one.name).catch(() => null) }))),
      );
      const [projects, stops, { tasks, running }, working] = await Promise.all([
        withMain,
        readWallStops(store, name),
        readWallTasks(store, name),
        readWallAgents(store, name, position),
      ]);
      return {
        position,
        now: new Date(gateway.nowSeconds() * 1000).toISOString(),
        projects: projects.map(({ limit, ...one }) => ({
          ...one,
          wip: { running: running.get(one.name) ?? 0, limit },
        })),
        ...{ stops, ...tasks, ...working },
      };
    },
  });
}

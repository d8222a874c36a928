import { pullCord } from '../../line/stops.ts';
import type { TriggerActionPort } from '../ports.ts';

/** Pulls the cord for the project, as its owner could. Taken alone, so that nothing slips past a red stop. */
export const cord: TriggerActionPort<undefined> = {
  needs: 'cord:pull',
  exclusive: true,
  facts: async () => undefined,
  reasons: () => [],
  make: async (tx, { row, action, slot, grant }) => {
    const colour = action.cord;
    if (colour === undefined) throw new Error('a cord of no colour was pulled');
    const events = await pullCord(tx, {
      project: row.project,
      colour,
      scope: { kind: 'project', value: '' },
      why: action.say ?? `the trigger ${row.name} fired for ${slot}`,
      cause: 'person',
      subject: `trigger/${row.name}`,
      by: row.owner,
      gid: grant.gid,
    });
    return { events };
  },
};

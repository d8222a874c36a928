import { allowed } from '../../../lib/decision.ts';
import { pullCord } from '../../../stops/rows.ts';
import { actionPort } from '../ports.ts';

/**
 * Pulls the cord for the project, as its owner could. Under the exclusive lock, so that no call slips past a
 * red stop.
 */
export const cord = actionPort('cord', {
  needs: 'cord:pull',
  exclusive: true,
  decide: ({ action }) => allowed(action),
  make: async (tx, { row, slot, grant }, { colour, say }) => {
    const events = await pullCord(tx, {
      project: row.project,
      colour,
      scope: { kind: 'project', value: '' },
      why: say ?? `the trigger ${row.name} fired for ${slot}`,
      cause: 'person',
      subject: `trigger/${row.name}`,
      by: row.owner,
      grantId: grant.grantId,
    });
    return { events };
  },
});

import { clearOwn } from '../stops/rows.ts';
import type { CordDraft } from '../stops/stop.ts';
import type { EventDraft } from '../store/log/events.ts';
import type { Tx } from '../store/store.ts';

/** The command that ends a divergence. */
const wayOut = 'andon sync --merge';
const foundMax = 400;

/**
 * The stop of a project whose upstream has diverged: work claimed under it would be built on a main that may
 * not stay.
 */
export const syncStop = (project: string, found: string | number | undefined): CordDraft => ({
  project,
  colour: 'yellow',
  scope: { kind: 'project', value: '' },
  why: `upstream main went another way${found === undefined ? '' : `: ${found}`.slice(0, foundMax)}; bring both together: ${wayOut}`,
  cause: 'sync',
  subject: `project/${project}`,
  by: 'gateway',
});

/** Clears the stop once the upstream can be followed again. */
export const clearSyncStop = (tx: Tx, project: string): Promise<EventDraft[]> =>
  clearOwn(tx, project, 'sync', 'upstream main is followed again');

import { clearOwn } from '../stops/rows.ts';
import type { CordDraft } from '../stops/stop.ts';
import type { EventDraft } from '../store/log/events.ts';
import type { Tx } from '../store/store.ts';

/** The stop of a project whose upstream went another way: what is claimed now would be built on what may not stay. */
export const syncStop = (project: string, found: string | number | undefined): CordDraft => ({
  project,
  colour: 'yellow',
  scope: { kind: 'project', value: '' },
  why: `upstream main went another way${found === undefined ? '' : `: ${found}`}`.slice(0, 500),
  cause: 'sync',
  subject: `project/${project}`,
  by: 'gateway',
});

/** Takes the stop back once the upstream is followed again. */
export const clearSyncStop = (tx: Tx, project: string): Promise<EventDraft[]> =>
  clearOwn(tx, project, 'sync', 'upstream main is followed again');

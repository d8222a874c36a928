import type { AccessData } from './access.ts';
import type { ChangeData } from './changes.ts';
import type { RunData } from './runs.ts';
import type { StopData } from './stops.ts';
import type { WorkData } from './work.ts';

/**
 * The data of each type of event, as this version writes it: the one place that emitters and readers agree on. What an
 * earlier version did not write, and somebody reads, is optional and says so. Words of the rooms above (outcomes, causes,
 * states) are plain strings here: the log outlives their lists.
 */
export interface EventData extends WorkData, ChangeData, RunData, AccessData, StopData {}

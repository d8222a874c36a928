import type { AccessData } from './access.ts';
import type { ChangeData } from './changes.ts';
import type { MemoryData } from './memory.ts';
import type { RunData } from './runs.ts';
import type { StopData } from './stops.ts';
import type { WorkData } from './work.ts';

/**
 * The data of each type of event, as this version writes it: emitters and readers agree on this one place. A
 * member that earlier versions did not write, and that has readers, is optional and marked so. Words of the
 * rooms above (outcomes, causes, states) are plain strings here: the log outlives their lists.
 */
export interface EventData extends WorkData, ChangeData, RunData, AccessData, StopData, MemoryData {}

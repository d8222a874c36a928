import type { ChainedEvent } from '../store/log/chain.ts';

/** An event as outsiders see it. */
export interface ShownEvent extends Pick<ChainedEvent, 'position' | 'id' | 'actor' | 'subject' | 'at'> {
  readonly type: string;
  /** Left out of an event that is too large. */
  readonly data: ChainedEvent['data'] | { readonly omitted: string };
}

/** The cause that made a slot due: time alone, an event, a deadline, work for a pool, a person. */
export interface FireCause {
  /** Ids of the triggers that led to this fire, the first one first. */
  readonly causes: readonly string[];
  /** The event, when an event is the cause. */
  readonly event?: ShownEvent;
  readonly task?: string;
  /** The change to be judged, where a pool of validators found it. */
  readonly change?: string;
  /** Number of the step, for a deadline. */
  readonly step?: number;
}

import type { ChainedEvent } from '../store/log/chain.ts';

/** An event as outsiders see it. */
export interface ShownEvent extends Pick<ChainedEvent, 'position' | 'id' | 'actor' | 'subject' | 'at'> {
  readonly type: string;
  /** Left out of one that is too large. */
  readonly data: ChainedEvent['data'] | { readonly omitted: string };
}

/** What made a slot due: nothing but time, an event, a deadline, a person. */
export interface FireCause {
  /** Ids of the triggers that led here, the first one first. */
  readonly causes: readonly string[];
  /** The event, where one was it. */
  readonly event?: ShownEvent;
  readonly task?: string;
  /** Which step of a deadline. */
  readonly step?: number;
}

import { type EventOf, type EventType, eventTypes } from './events.ts';

/** An event of a type that this version does not know: of a later version, or taken out since. */
export interface StrangeEvent {
  /** Stands for every text that is no type of this version, so that comparing with a known type narrows the data. */
  readonly type: '?';
  readonly subject: string;
  readonly data: Readonly<Record<string, unknown>>;
}

type KnownEvent = { [Type in EventType]: EventOf<Type> }[EventType];

/** An event as read from the log. Its type narrows its data; readers pass over types that they do not ask for. */
export type LoggedEvent = KnownEvent | StrangeEvent;

const known: ReadonlySet<string> = new Set(eventTypes);

/** True for an event of a type that this version knows. */
export const isKnown = <Event extends LoggedEvent>(event: Event): event is Exclude<Event, StrangeEvent> =>
  known.has(event.type);

/** The task that the data of an event names, for events of any type. */
export const namedTask = ({ data }: LoggedEvent): string | undefined =>
  'task' in data && typeof data.task === 'string' ? data.task : undefined;

/** The task that an event is about: the task in its data, else its subject. */
export function taskOf(event: LoggedEvent): string | undefined {
  const { subject } = event;
  return namedTask(event) ?? (subject.startsWith('task/') ? subject.slice('task/'.length) : undefined);
}

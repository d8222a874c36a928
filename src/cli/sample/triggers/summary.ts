import type { ChainedEvent } from '../../../store/log/chain.ts';
import type { GatewayLink } from '../../connect.ts';
import { type Summary, summarise, wholeLog } from '../summary.ts';

/** Numbers by name. */
export type FireTally = Readonly<Record<string, number>>;

/** The results of the sample's triggers, counted from the log and from the inboxes. */
export interface TriggersSummary extends Summary {
  /** Number of fires of each trigger, by its name. */
  readonly fired: FireTally;
  /** Runs that a trigger started and that ended as they should, by profile. */
  readonly helped: FireTally;
  /** Audits that found an agent idle. */
  readonly idleAlerts: number;
  /** Messages about deadlines. */
  readonly reminders: number;
}

/** The ladder has three steps, the build broke once, the clock fires as often as there is time for. */
const firedLeast: FireTally = { review: 1, ladder: 3, 'build-broken': 1, idle: 1 };
const helpedLeast: FireTally = { reviewer: 1, builder: 1, emergency: 1 };

const reaches = (tally: FireTally, least: FireTally): boolean =>
  Object.entries(least).every(([name, count]) => (tally[name] ?? 0) >= count);

/** Counts the results; `done` when every task landed and every trigger did its part. */
export async function summariseTriggers(link: GatewayLink, seconds: number): Promise<TriggersSummary> {
  // A run that was ended for its idleness has not shipped, as intended.
  const line = await summarise(link, [], seconds);
  const events = await wholeLog(link);
  const fired = tallyOf(events, ({ type, subject }) =>
    type === 'trigger.fired' ? subject.replace(/^trigger\//, '') : undefined,
  );
  const helped = tallyOf(events, ({ type, data }) =>
    type === 'run.ended' && data.trigger !== null && data.outcome === 'shipped' ? data.profile : undefined,
  );
  const idleAlerts = events.filter(
    ({ type, data }) => type === 'audit.ended' && data.kind === 'idle' && data.alert,
  ).length;
  const reminders = events.filter(
    ({ type, subject, data }) =>
      type === 'trigger.fired' && subject === 'trigger/ladder' && data.does === 'notify',
  ).length;
  const done =
    line.done &&
    reaches(fired, firedLeast) &&
    reaches(helped, helpedLeast) &&
    idleAlerts > 0 &&
    reminders > 1;
  return { ...line, done, fired, helped, idleAlerts, reminders };
}

function tallyOf(
  events: readonly ChainedEvent[],
  nameOf: (event: ChainedEvent) => string | undefined,
): FireTally {
  const tally: Record<string, number> = {};
  for (const name of events.map(nameOf)) if (name !== undefined) tally[name] = (tally[name] ?? 0) + 1;
  return tally;
}

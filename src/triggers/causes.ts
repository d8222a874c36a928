import type { ChainedEvent } from '../store/log/chain.ts';
import { namedTask } from '../store/log/logged-event.ts';
import { statement, type Tx } from '../store/store.ts';

const runsOf = statement(
  'triggers.runsOf',
  'select gid as "grantId", id, trigger from runs where (gid = any($1::text[]) or id = any($2::text[])) and trigger is not null',
);
const madeBy = statement(
  'triggers.madeBy',
  'select made, trigger, causes from trigger_fires where made = any($1::text[])',
);

/**
 * The triggers that led to events, by event id: those that the event names, or those that made the run or
 * task that the event is about, or the run under whose grant the event was made.
 */
export async function readCauses(
  tx: Tx,
  events: readonly ChainedEvent[],
): Promise<Map<string, readonly string[]>> {
  const found = new Map<string, readonly string[]>();
  const open = events.filter((event) => {
    const named = namedIn(event);
    if (named !== undefined) found.set(event.id, named);
    return named === undefined;
  });
  if (open.length === 0) return found;
  const runs = await tx.rows<{ grantId: string; id: string; trigger: string }>(runsOf, [
    [...new Set(open.flatMap(({ gid }) => gid ?? []))],
    [...new Set(open.flatMap(({ subject }) => (subject.startsWith('run/') ? subject.slice(4) : [])))],
  ]);
  const runOf = new Map(runs.map(({ grantId, id }) => [grantId, `run/${id}`]));
  const thingsOf = (event: ChainedEvent): string[] =>
    [event.subject, taskSubject(event), runOf.get(event.gid ?? '')].filter((one) => one !== undefined);
  const things = [...new Set(open.flatMap(thingsOf))];
  const rows = await tx.rows<{ made: string; trigger: string; causes: string[] }>(madeBy, [things]);
  // A retry is a run that no fire made; its trigger is known from the run alone.
  const makers = new Map(runs.map(({ id, trigger }) => [`run/${id}`, [trigger]]));
  for (const { made, trigger, causes } of rows) makers.set(made, [...causes, trigger]);
  for (const event of open) {
    const maker = thingsOf(event).find((thing) => makers.has(thing));
    if (maker !== undefined) found.set(event.id, makers.get(maker) ?? []);
  }
  return found;
}

function taskSubject(event: ChainedEvent): string | undefined {
  const task = namedTask(event);
  return task === undefined ? undefined : `task/${task}`;
}

/**
 * The triggers that an event names as its causes, which only events of triggers may do. Members identify such
 * an event and not a list of types: a type of a later version counts too, or a chain through it would have no
 * end here.
 */
function namedIn({ type, data }: ChainedEvent): readonly string[] | undefined {
  if (!type.startsWith('trigger.') || !('causes' in data) || !Array.isArray(data.causes)) return undefined;
  const { causes, trigger } = data;
  return [...causes.map(String), ...(typeof trigger === 'string' ? [trigger] : [])];
}

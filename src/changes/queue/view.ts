import type { Reason } from '../../lib/decision.ts';
import { type Session, statement } from '../../store/store.ts';
import type { QueueEntry } from './entries.ts';

/** A boundary or part under test, as its runs tell. */
export interface TestedTree {
  readonly tree: string;
  /** The changes on the tree, in their order. */
  readonly changes: readonly string[];
  readonly gates: readonly { readonly gate: string; readonly status: 'waiting' | 'running' }[];
}

/** The place of a change in the landing queue, as people read it. */
export interface QueueRow {
  /** From 1; a change that is held has none. */
  readonly position: number | null;
  readonly change: string;
  readonly task: string;
  readonly title: string;
  readonly author: string;
  readonly approvedAt: Date;
  /** Number of the batch under test that holds the change, from 1; null when none does. */
  readonly batch: number | null;
  /** True while the change is tested apart from the others, because a tree with it failed. */
  readonly aside: boolean;
  readonly gatesLeft: readonly string[];
  /** Minutes until it lands when nothing fails, from the last ten runs of each gate; null when there were none. */
  readonly expectedMinutes: number | null;
  readonly strikes: number;
  readonly rebuilt: number;
  readonly held: readonly Reason[];
}

const tested = statement(
  'queue.tested',
  `select tree, changes, gate, status from gate_runs
   where project = $1 and change is null and repeats is null and status in ('waiting', 'running') order by rank, id`,
);

/** The trees under test, in the order of their runs. */
export async function readTested(session: Session, project: string): Promise<TestedTree[]> {
  const rows = await session.rows<{
    tree: string;
    changes: readonly string[];
    gate: string;
    status: 'waiting' | 'running';
  }>(tested, [project]);
  const trees = new Map<string, TestedTree>();
  for (const { tree, changes, gate, status } of rows) {
    const gates = [...(trees.get(tree)?.gates ?? []), { gate, status }];
    trees.set(tree, { tree, changes, gates });
  }
  return [...trees.values()];
}

const durations = statement(
  'queue.durations',
  `select g.gate, percentile_cont(0.5) within group (order by last.ms) as ms
   from unnest($2::text[]) g(gate) cross join lateral
     (select ms from gate_runs r where r.project = $1 and r.gate = g.gate and r.status = 'passed' and r.ms is not null
      order by r.ended_at desc limit 10) last
   group by g.gate`,
);

/** Median milliseconds of the last ten runs that passed, by gate. */
export async function readDurations(
  session: Session,
  project: string,
  gates: readonly string[],
): Promise<ReadonlyMap<string, number>> {
  const rows = await session.rows<{ gate: string; ms: number }>(durations, [project, gates]);
  return new Map(rows.map(({ gate, ms }) => [gate, ms]));
}

/** The facts that rows are made from. */
export interface QueueFacts {
  readonly entries: readonly QueueEntry[];
  /** Ids of the changes that may land, in their order, and then of those that are held. */
  readonly order: readonly string[];
  readonly held: ReadonlyMap<string, readonly Reason[]>;
  readonly tested: readonly TestedTree[];
  readonly durations: ReadonlyMap<string, number>;
  /** Names of the gates that are commands. */
  readonly commands: ReadonlySet<string>;
  readonly batch: number;
  readonly slots: number;
}

/** The rows of the queue: what lands next first, what is held last. */
export function queueRows(facts: QueueFacts): QueueRow[] {
  const byId = new Map(facts.entries.map((entry) => [entry.id, entry]));
  const rows = facts.order.flatMap((id) => byId.get(id) ?? []);
  return rows.map((entry, index) => rowOf(facts, entry, facts.held.has(entry.id) ? null : index + 1));
}

function rowOf(facts: QueueFacts, entry: QueueEntry, position: number | null): QueueRow {
  const place = facts.tested.findIndex(({ changes }) => changes.includes(entry.id));
  const own = facts.tested[place];
  const gatesLeft =
    own?.gates.map(({ gate }) => gate) ?? entry.gates.filter((gate) => facts.commands.has(gate));
  const { id: change, task, title, author, approvedAt, strikes, rebuilt } = entry;
  return {
    position,
    change,
    task,
    title,
    author,
    approvedAt,
    batch: place < 0 ? null : place + 1,
    aside: entry.part !== null,
    gatesLeft,
    expectedMinutes: position === null ? null : minutesOf(facts, gatesLeft, place < 0 ? position : 0),
    strikes,
    rebuilt,
    held: facts.held.get(change) ?? [],
  };
}

/** Rounds of gates until a change lands, times what a round has taken. */
function minutesOf(
  { durations, batch, slots }: QueueFacts,
  gates: readonly string[],
  ahead: number,
): number | null {
  const known = gates.map((gate) => durations.get(gate));
  if (known.some((ms) => ms === undefined)) return null;
  const round = known.reduce<number>((sum, ms) => sum + (ms ?? 0), 0);
  const rounds = 1 + Math.floor(ahead / (batch * Math.max(1, slots)));
  return Math.round((round * rounds) / 6_000) / 10;
}

/** One line that tells what a change in the queue waits for. */
export function whyWords({ position, batch, aside, gatesLeft, held, expectedMinutes }: QueueRow): string {
  const [first] = held;
  if (first !== undefined)
    return `held: ${first.code}${first.found === undefined ? '' : `, ${first.found}`} (${first.subject})`;
  const left = gatesLeft.length === 0 ? 'no gate' : `gate ${gatesLeft.join(', ')}`;
  const when = expectedMinutes === null ? '' : `, about ${expectedMinutes} min`;
  if (aside) return `tested apart from the others, because a tree with it failed: ${left}`;
  if (batch !== null) return `place ${position}, under test in batch ${batch}: ${left} to pass${when}`;
  return `place ${position}, waits for a slot: ${left} to pass${when}`;
}

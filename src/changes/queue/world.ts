import { priorities } from '../../plan/kinds.ts';
import { landingSettings } from '../../plan/landing-settings.ts';
import type { Plan } from '../../plan/plan.ts';
import { type Session, statement } from '../../store/store.ts';
import { readProject } from '../../tasks/rows.ts';
import { gateDefinition, type NamedGate } from '../gates.ts';
import type { GitPort } from '../git-port.ts';
import { enterOthersApproved, type HeldQueue, type QueueEntry, readEntries, readHolds } from './entries.ts';
import type { GateTally, QueueWorld, TreeName } from './queue.ts';
import { orderQueue } from './queue-order.ts';
import { readTallies } from './runs.ts';
import { shortMain } from './steps.ts';
import { nameKey, type QueueTree, readTrees } from './trees.ts';

/** Services that the queue of a project is read with. */
export interface QueueReading {
  readonly session: Session;
  readonly git: GitPort;
  /** Slots of everybody who carries out gates: as many boundaries and parts are under test at once. */
  readonly slots: (project: string) => Promise<number>;
  readonly nowMs: () => number;
  /** True for a change of files by which tools are steered: it is tested alone. */
  readonly steers: (entry: QueueEntry) => Promise<boolean>;
}

/** The queue of a project at one moment: the planner's world, and the rows behind it. */
export interface QueueNow {
  readonly world: QueueWorld;
  readonly plan: Plan | undefined;
  readonly planHash: string | null;
  readonly entries: ReadonlyMap<string, QueueEntry>;
  readonly holds: HeldQueue;
  readonly trees: Map<string, QueueTree>;
  /** The results of a gate on a tree, by the tree's hash. */
  readonly tallyOf: (tree: string, gate: NamedGate) => GateTally;
}

const brokenStop = statement(
  'queue.brokenStop',
  `select id, subject from stops where project = $1 and cause = 'main' and cleared_at is null order by at`,
);

const toldStops = statement(
  'queue.toldStops',
  `select subject from stops where project = $1 and cause = 'main' and (cleared_at is null or strpos(why, $2) > 0)`,
);

/** Gates of which a stop tells that main fails them: an open one, or one about this main that a person has cleared. */
async function readToldGates(session: Session, project: string, main: string): Promise<string[]> {
  const rows = await session.rows<{ subject: string }>(toldStops, [project, shortMain(main)]);
  return rows.map(({ subject }) => subject.replace(/^gate\//, ''));
}

const suspects = statement(
  'queue.suspects',
  `select c.base, r.gate, r.definition from changes c join gate_runs r on r.change = c.id
   where c.project = $1 and c.kind = 'task' and r.repeats is null and not r.manual and c.base =
     (select late.base from gate_runs f join changes late on late.id = f.change
      where f.project = $1 and f.status = 'failed' and f.change is not null order by f.ended_at desc limit 1)
   group by c.base, r.gate, r.definition
   having count(distinct c.task) filter (where r.status = 'failed') > 1 and not bool_or(r.status = 'passed')`,
);

interface Suspect {
  readonly base: string;
  readonly gate: string;
  readonly definition: string;
}

/**
 * Gates that submissions of two tasks failed on the main of the latest failure, and none passed: one task may be there
 * to mend what its gate tests. Asks the database alone, since a round that has nothing to do starts no git.
 */
export const readSuspects = (session: Session, project: string): Promise<Suspect[]> =>
  session.rows<Suspect>(suspects, [project]);

/** Those that are about this main, and about a gate as the plan declares it now. */
export const suspectGates = (found: readonly Suspect[], main: string, plan: Plan | undefined): string[] =>
  found.flatMap(({ base, gate, definition }) => {
    const named = gateNamed(plan, gate);
    const isCurrent = named !== undefined && gateDefinition(named.gate) === definition;
    return isCurrent && base === main ? [gate] : [];
  });

/** The open stop about a main that fails a gate, with the gate. */
export async function readBrokenMain(
  session: Session,
  project: string,
): Promise<{ readonly id: string; readonly gate: string } | undefined> {
  const [row] = await session.rows<{ id: string; subject: string }>(brokenStop, [project]);
  return row === undefined ? undefined : { id: row.id, gate: row.subject.replace(/^gate\//, '') };
}

/** The gates of an entry that are commands, as the plan declares them. */
export const commandGates = (plan: Plan | undefined, { gates }: Pick<QueueEntry, 'gates'>): NamedGate[] =>
  gates.flatMap((name) => gateNamed(plan, name) ?? []);

/** Reads the queue of a project; undefined when nothing is approved, and main is not under suspicion. */
export async function readQueue(reading: QueueReading, project: string): Promise<QueueNow | undefined> {
  const { session, git, slots, nowMs, steers } = reading;
  await enterOthersApproved(session, project);
  const [rows, broken, suspected] = await Promise.all([
    readEntries(session, project),
    readBrokenMain(session, project),
    readSuspects(session, project),
  ]);
  if (rows.length === 0 && broken === undefined && suspected.length === 0) return undefined;
  const row = await readProject(session, project);
  const plan = row?.plan ?? undefined;
  const main = await git.main(project);
  const holds = await readHolds(session, project, rows, plan);
  const mains = new Set([main, ...rows.flatMap(({ partMain }) => partMain ?? [])]);
  const trees = await readTrees(session, git, project, mains);
  const tallyOf = await readTallies(
    session,
    project,
    [...trees.values()].flatMap(({ tree }) => tree ?? []),
  );
  const free = queueOrder(holds, nowMs());
  const entries = new Map(rows.map((entry) => [entry.id, entry]));
  const tally = (tree: TreeName, gate: string): GateTally => {
    const hash = trees.get(nameKey(tree))?.tree;
    const declared = gateNamed(plan, gate);
    return hash == null || declared === undefined ? nothing : tallyOf(hash, declared);
  };
  const queue = await Promise.all(
    free.map(async (id) =>
      queued(entries.get(id) as QueueEntry, plan, holds, await steers(entries.get(id) as QueueEntry)),
    ),
  );
  const world: QueueWorld = {
    queue,
    // A queue whose runners are away wishes the run that they are to begin with.
    slots: Math.max(1, await slots(project)),
    ...landingSettings(plan),
    main,
    brokenGates: brokenGates(await readToldGates(session, project, main), plan, (gate) =>
      tally({ main, changes: [] }, gate),
    ),
    suspectGates: suspectGates(suspected, main, plan),
    evidence: {
      tally,
      build: (name) => {
        const found = trees.get(nameKey(name));
        if (found === undefined) return undefined;
        return found.tree === null ? 'conflict' : 'built';
      },
    },
  };
  return { world, plan, planHash: row?.planHash ?? null, entries, holds, trees, tallyOf };
}

const nothing: GateTally = { passes: 0, fails: 0, running: false };

/** The gates that stops name, and every other that main fails while there is a stop: one stop tells of all. */
const brokenGates = (
  told: readonly string[],
  plan: Plan | undefined,
  onMain: (gate: string) => GateTally,
): readonly string[] =>
  Object.keys(plan?.gates ?? {}).filter((gate) => {
    const { passes, fails } = onMain(gate);
    return told.includes(gate) || (told.length > 0 && fails > 0 && passes === 0);
  });

/** Ids of the changes that may land, in their order. */
const queueOrder = (holds: HeldQueue, nowMs: number): readonly string[] =>
  orderQueue(
    holds.free.map((entry) => orderRow(entry, holds)),
    nowMs,
  );

/** Ids in the order that people see: those that may land, then those that are held. */
export const shownOrder = (
  entries: readonly QueueEntry[],
  holds: HeldQueue,
  nowMs: number,
): readonly string[] => {
  const held = entries.filter(({ id }) => holds.held.has(id)).map((entry) => orderRow(entry, holds));
  return [...queueOrder(holds, nowMs), ...orderQueue(held, nowMs)];
};

const orderRow = (entry: QueueEntry, { needs }: HeldQueue) => ({
  id: entry.id,
  priority: priorities[entry.priority] ?? 'normal',
  overtaken: entry.overtaken,
  headPlace: entry.headPlace ?? undefined,
  approvedAtMs: entry.approvedAt.getTime(),
  needs: needs.get(entry.id) ?? [],
  position: entry.position ?? undefined,
  clearedAtMs: entry.clearedAt?.getTime(),
});

const partOf = ({ part, partMain, partGate }: QueueEntry, plan: Plan | undefined) =>
  part === null || partMain === null
    ? undefined
    : { id: part, main: partMain, gate: partGate === null ? undefined : gateNamed(plan, partGate)?.name };

/** A gate of the plan that is a command. */
function gateNamed(plan: Plan | undefined, name: string): NamedGate | undefined {
  const gate = plan !== undefined && Object.hasOwn(plan.gates, name) ? plan.gates[name] : undefined;
  return gate === undefined || !('run' in gate) ? undefined : { name, gate };
}

const queued = (entry: QueueEntry, plan: Plan | undefined, { needs }: HeldQueue, alone: boolean) => ({
  id: entry.id,
  needs: needs.get(entry.id) ?? [],
  gates: commandGates(plan, entry).map(({ name }) => name),
  alone,
  strikes: entry.strikes,
  part: partOf(entry, plan),
  cleared: entry.cleared ?? undefined,
});

import { newId } from '../../process/new-id.ts';
import { pullCord } from '../../stops/rows.ts';
import { type EventDraft, event, gatewayEvent } from '../../store/log/events.ts';
import { type Session, statement, type Tx } from '../../store/store.ts';
import type { GateRunRow } from './hold.ts';
import { takerWords } from './take.ts';
import { voidPass } from './void.ts';

/** A pass of a gate that can be repeated elsewhere. */
export interface GatePass {
  readonly id: string;
  readonly gate: string;
  readonly tree: string;
  readonly definition: string;
  readonly changes: readonly string[];
  /** A commit with that tree. */
  readonly candidate: string;
  readonly runner: string | null;
  readonly runnerGrant: string | null;
}

// After a landing the candidate may be gone, and main has the tree.
const passOf = statement(
  'slots.passOf',
  `select r.id, r.gate, r.tree, r.definition, case when r.change is null then r.changes else array[r.change] end as changes,
     r.runner, r.runner_gid as "runnerGrant", coalesce(
       (select l.new_main from landings l where r.id = any(l.vouched_by) and l.state = 'done' order by l.position desc limit 1),
       r.candidate, (select c.candidate from changes c where c.id = r.change)) as candidate
   from gate_runs r where r.project = $1 and r.gate = $3 and r.status = 'passed' and not r.manual and r.repeats is null
     and (r.change = $2 or $2 = any(r.changes)) order by r.ended_at desc limit 1`,
);

/** The latest pass of a gate on a tree with the change. */
export async function readPass(
  session: Session,
  project: string,
  change: string,
  gate: string,
): Promise<GatePass | undefined> {
  const [row] = await session.rows<GatePass>(passOf, [project, change, gate]);
  return row;
}

const dropWaiting = statement(
  'slots.dropRepeats',
  `delete from gate_runs where repeats = $1 and status = 'waiting'`,
);
const put = statement(
  'slots.repeat',
  `insert into gate_runs (id, project, gate, tree, manual, status, definition, candidate, changes, repeats, wanted_by)
   values ($1, $2, $3, $4, false, 'waiting', $5, $6, $7, $8, $9)`,
);

interface Repetition {
  readonly gate: string;
  readonly tree: string;
  readonly definition: string | null;
  readonly changes: readonly string[];
  readonly candidate: string | null;
}

/** Asks a taker to repeat a gate; an earlier wish that nobody has begun with is dropped. */
export async function askRepetition(
  tx: Tx,
  project: string,
  of: Repetition & { readonly passed: string },
  wantedBy: string,
): Promise<string> {
  await tx.rows(dropWaiting, [of.passed]);
  const id = newId('gate');
  const values = [of.gate, of.tree, of.definition, of.candidate, of.changes, of.passed, wantedBy];
  await tx.rows(put, [id, project, ...values]);
  return id;
}

const failures = statement(
  'slots.failedRepeats',
  `select count(*)::int as n from gate_runs where repeats = $1 and status = 'failed' and wanted_by = $2`,
);
const original = statement(
  'slots.original',
  `select runner, runner_gid as "runnerGrant", status from gate_runs where id = $1 for update`,
);

/**
 * Judges a pass by the end of its repetition. A failed one is tried again; after `retry` failures more the pass counts
 * no more, and one yellow stop names both who gave it and who contradicts it: which of them errs, a person finds out.
 */
export async function judgeRepetition(
  tx: Tx,
  run: GateRunRow,
  passed: boolean,
  retry: number,
): Promise<readonly EventDraft[]> {
  const { project, repeats, wantedBy } = run;
  if (passed || repeats === null || wantedBy === null) return [];
  const [of] = await tx.rows<Pick<GateRunRow, 'runner' | 'runnerGrant' | 'status'>>(original, [repeats]);
  if (of?.status !== 'passed') return [];
  const failed = await failedTimes(tx, repeats, wantedBy);
  if (failed > retry) return contradict(tx, { ...run, repeats }, of, failed);
  const id = await askRepetition(tx, project, { ...run, passed: repeats }, wantedBy);
  return [repeatedEvent(project, { ...run, passed: repeats, id, on: nameOf(run) })];
}

async function failedTimes(tx: Tx, repeats: string, wantedBy: string): Promise<number> {
  const [row] = await tx.rows<{ n: number }>(failures, [repeats, wantedBy]);
  return row?.n ?? 0;
}

/** Voids a pass behind a stop that names both sides: a pass that is void since then bars who gave it. */
async function contradict(
  tx: Tx,
  run: GateRunRow & { readonly repeats: string },
  of: Pick<GateRunRow, 'runner' | 'runnerGrant'>,
  failed: number,
): Promise<readonly EventDraft[]> {
  const { project, repeats, gate, tree } = run;
  const why = `gate ${gate} passed on ${nameOf(of)} and failed ${failed} times on ${nameOf(run)}, on tree ${tree.slice(0, 12)}`;
  const stopped = await pullCord(tx, {
    project,
    colour: 'yellow',
    scope: { kind: 'project', value: '' },
    why,
    cause: 'gate',
    subject: `gate/${repeats}`,
    by: 'gateway',
  });
  return [...stopped, ...(await voidPass(tx, project, repeats, why))];
}

const nameOf = ({ runner, runnerGrant }: Pick<GateRunRow, 'runner' | 'runnerGrant'>): string =>
  takerWords({ name: runner ?? 'nobody', grantId: runnerGrant });

/** The event that a taker is asked to repeat a gate. */
export const repeatedEvent = (
  project: string,
  {
    id,
    gate,
    tree,
    passed,
    on,
  }: Pick<Repetition, 'gate' | 'tree'> & {
    readonly id: string;
    readonly passed: string;
    readonly on: string;
  },
): EventDraft =>
  gatewayEvent(
    project,
    event('gate.repeated', `project/${project}`, { run: id, gate, tree, repeats: passed, on }),
  );

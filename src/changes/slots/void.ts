import { newId } from '../../process/new-id.ts';
import { type EventDraft, event, gatewayEvent } from '../../store/log/events.ts';
import { type Session, statement, type Tx } from '../../store/store.ts';
import { lockChange } from '../../tasks/rows.ts';
import { changeMay } from '../../tasks/states.ts';
import { moveChange } from '../../tasks/transition.ts';
import { takerWords, waitsAgain } from './take.ts';

interface VoidRow {
  readonly id: string;
  readonly project: string;
  readonly change: string | null;
  readonly gate: string;
  readonly tree: string;
  readonly runner: string | null;
  readonly runnerGrant: string | null;
}

const columns = `id, project, change, gate, tree, runner, runner_gid as "runnerGrant"`;
const setVoid = `status = 'void', voided_at = andon_now(), voided_why`;
const voidOne = statement(
  'slots.void',
  `update gate_runs set ${setVoid} = $3 where project = $1 and id = $2 and status = 'passed' returning ${columns}`,
);
// A grant that is revoked ends those that descend from it.
const below = `runner_gid in (select g.gid from grants g where g.gid = any($1::text[]) or g.lin && $1::text[])`;
const voidOfGrants = statement(
  'slots.voidOfGrants',
  `update gate_runs set ${setVoid} = $2 where status = 'passed' and ${below} and $3 in (project, '*') returning ${columns}`,
);
const freeOfGrants = statement(
  'slots.freeOfGrants',
  `update gate_runs set ${waitsAgain} where status = 'running' and ${below} and $2 in (project, '*')`,
);
const forgetTakers = statement(
  'slots.forgetTakers',
  `delete from gate_takers where gid in (select g.gid from grants g where g.gid = any($1::text[]) or g.lin && $1::text[])
     and $2 in (project, '*')`,
);

/** Voids one pass: it counts no more, and the work that waits for it is gated anew. */
export async function voidPass(tx: Tx, project: string, id: string, why: string): Promise<EventDraft[]> {
  return afterVoid(tx, await tx.rows<VoidRow>(voidOne, [project, id, why]), why);
}

/**
 * Takes away what runners of gates did under grants that are revoked: their passes count no more, and the gates that they
 * hold wait again, in one project, or with `*` in all. The caller holds the exclusive lock.
 */
export async function voidPassesOf(
  tx: Tx,
  project: string,
  grantIds: readonly string[],
  why: string,
): Promise<{ readonly voided: readonly string[]; readonly events: readonly EventDraft[] }> {
  if (grantIds.length === 0) return { voided: [], events: [] };
  const rows = await tx.rows<VoidRow>(voidOfGrants, [grantIds, why, project]);
  await tx.rows(freeOfGrants, [grantIds, project]);
  await tx.rows(forgetTakers, [grantIds, project]);
  return { voided: rows.map(({ id }) => id), events: await afterVoid(tx, rows, why) };
}

const landedOn = statement(
  'slots.landedOn',
  `select l.change, c.task, l.new_main as main, r.id as run, r.gate, r.runner from landings l join changes c on c.id = l.change
     join gate_runs r on r.id = any(l.vouched_by)
   where r.id = any($1::text[]) and l.state = 'done' order by l.ended_at, l.position`,
);

/** A change that landed on a pass, with the commit that main has of it. */
export interface LandedOn {
  readonly change: string;
  readonly task: string;
  readonly main: string;
  readonly run: string;
  readonly gate: string;
  readonly runner: string;
}

/** Changes that landed on these gate runs. */
export const readLandedOn = (session: Session, runs: readonly string[]): Promise<LandedOn[]> =>
  session.rows<LandedOn>(landedOn, [runs]);

const detach = statement(
  'slots.detach',
  'update gate_runs set change = null, changes = array[change] where id = $1 and change is not null',
);
const openAgain = statement(
  'slots.openAgain',
  `insert into gate_runs (id, project, change, gate, tree, manual, status)
   values ($1, $2, $3, $4, $5, false, 'waiting') on conflict (change, gate, tree) do nothing`,
);

async function afterVoid(tx: Tx, rows: readonly VoidRow[], why: string): Promise<EventDraft[]> {
  const events: EventDraft[] = [];
  const onThem = await readLandedOn(
    tx,
    rows.map(({ id }) => id),
  );
  for (const row of rows) {
    await gateAnew(tx, row);
    const landed = onThem.filter((one) => one.run === row.id).map(({ change }) => change);
    const { id: run, project, gate, tree, runner, runnerGrant: grant } = row;
    const data = {
      run,
      gate,
      tree,
      runner: takerWords({ name: runner ?? '', grantId: grant }),
      grant,
      why,
      landed,
    };
    events.push(gatewayEvent(project, event('gate.voided', `project/${project}`, data)));
  }
  return events;
}

/** A change that is gated or judged needs the gate again; what is approved or landed is for the queue to vouch for. */
async function gateAnew(tx: Tx, { id, project, change: named, gate, tree }: VoidRow): Promise<void> {
  if (named === null) return;
  const change = await lockChange(tx, project, named);
  if (change === undefined || change.tree !== tree) return;
  const isJudged = changeMay(change, 'gateVoided');
  if (!isJudged && change.state !== 'gating') return;
  if (isJudged) moveChange(tx, change, 'gateVoided');
  await tx.rows(detach, [id]);
  await tx.rows(openAgain, [newId('gate'), project, change.id, gate, tree]);
}

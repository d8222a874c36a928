import { pullCord } from '../../stops/rows.ts';
import { type EventDraft, event, gatewayEvent } from '../../store/log/events.ts';
import { statement, type Tx } from '../../store/store.ts';
import type { GateRunRow } from './hold.ts';
import { releaseGate, takerWords } from './take.ts';

/** Failures of a set-up, one after the other, after which people are told. */
const toldAfter = 3;
const waitsMs = [5_000, 20_000, 60_000] as const;

const count = statement(
  'slots.setupFailed',
  `update gate_runs set setup_fails = setup_fails + 1, not_before = andon_now() + ($2::int[])[least(setup_fails + 1, 3)] * interval '1 millisecond'
   where id = $1 returning setup_fails as times`,
);

/**
 * Gives a gate back whose set-up failed on the machine of its holder: it waits, longer each time, and blames nobody. From
 * the third time in a row on one yellow stop tells of it.
 */
export async function failSetup(tx: Tx, run: GateRunRow, why: string): Promise<readonly EventDraft[]> {
  const { id, project, gate, tree, nonce, runner, runnerGrant: grantId } = run;
  const by = takerWords({ name: runner ?? '', grantId });
  const [row] = await tx.rows<{ times: number }>(count, [id, waitsMs]);
  await releaseGate(tx, { run: id, nonce: nonce ?? '' });
  const data = { run: id, gate, tree, runner: by, grant: grantId, why: why.slice(0, 2_000) };
  const failed = gatewayEvent(project, event('setup.failed', `project/${project}`, data));
  if ((row?.times ?? 0) < toldAfter) return [failed];
  const stopped = await pullCord(tx, {
    project,
    colour: 'yellow',
    scope: { kind: 'project', value: '' },
    why: `the set-up of gate ${gate} has failed ${row?.times} times in a row, the last time on ${by}: ${why}`.slice(
      0,
      500,
    ),
    cause: 'setup',
    subject: `gate/${gate}`,
    by: 'gateway',
  });
  return [failed, ...stopped];
}

const worked = statement(
  'slots.setupWorked',
  `select id from stops where project = $1 and cause = 'setup' and subject = $2 and cleared_at is null limit 1`,
);

/** True while a stop tells of a set-up of the gate. */
export const isSetupTold = async (tx: Tx, project: string, gate: string): Promise<boolean> =>
  (await tx.rows(worked, [project, `gate/${gate}`])).length > 0;

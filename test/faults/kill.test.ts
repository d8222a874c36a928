import { existsSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { temporaryFolder } from '../../src/git/temporary.ts';
import { engines, shareOf } from '../support/engines.ts';
import { breaches, gitDirOf, untilSwept } from '../support/fault-audit.ts';
import { type FaultGateway, type FaultOptions, startFaultGateway } from '../support/fault-gateway.ts';
import {
  type Agent,
  approveOnce,
  emptyLedger,
  persistOn,
  planOf,
  prepareLine,
  untilLanded,
  workOnce,
} from '../support/fault-line.ts';
import { killedOptions } from '../support/killed-options.ts';

/** Points at which the gateway dies, in the order in which a task passes them. */
const points = [
  'task.claimed before commit',
  'task.claimed after commit',
  // In the judge: every fact is known, no decision is visible to others yet.
  'change.pushed before commit',
  // The judge said yes, the hook has not heard it.
  'change.pushed after commit',
  'push moved',
  'change.submitted before commit',
  'change.submitted after commit',
  'gate.started before commit',
  'gate.started after commit',
  'gate.ended before commit',
  'gate.ended after commit',
  'verdict.given before commit',
  'verdict.given after commit',
  'before-intent',
  'landing.intended before commit',
  'after-intent',
  'after-move',
  'change.landed before commit',
  'after-done',
];

const restartMsMax = 30_000;

describe.each(engines)('a gateway killed with SIGKILL at a named point, on %s', (engine) => {
  const ledger = emptyLedger();
  const restarts: number[] = [];
  let options: FaultOptions;
  let gateway: FaultGateway;
  let agent: Agent;
  let reviewer: string;
  const persist = persistOn(() => gateway);

  beforeAll(async () => {
    options = await killedOptions(engine);
    gateway = await startFaultGateway(options);
    const prepared = await prepareLine(gateway, planOf(points.length), 1);
    reviewer = prepared.reviewer;
    [agent] = prepared.agents as [Agent];
  });
  afterAll(async () => {
    await gateway?.destroy();
    const worst = Math.round(Math.max(...restarts));
    console.log(`${engine}: ${restarts.length} kills at named points, slowest restart ${worst} ms`);
  });

  it.each(shareOf(engine, points))(
    'killed at `%s` it restarts by itself and the task lands',
    async (point) => {
      await gateway.arm(point);
      const restarted = gateway.ended.then(async ({ signal }) => {
        expect(signal).toBe('SIGKILL');
        gateway = await startFaultGateway(options);
        restarts.push(gateway.startMs);
      });
      const work = await workOnce(agent, persist, ledger);
      if (work === undefined) throw new Error('no task was left');
      await approveOnce(reviewer, persist, ledger, work);
      await restarted;
      await untilLanded(reviewer, persist, work);
      expect(gateway.startMs).toBeLessThan(restartMsMax);
      expect(await breaches(gateway, ledger, gitDirOf(options.folder))).toEqual([]);
    },
  );

  it('removes a lock that a killed git left only a moment before the restart, and checkouts of the killed gateway', async () => {
    const gitDir = gitDirOf(options.folder);
    await gateway.destroy();
    writeFileSync(join(gitDir, 'refs', 'heads', 'main.lock'), '');
    const made = temporaryFolder('checkout');
    const left = made.replace(`-${process.pid}-`, `-${gateway.pid}-`);
    renameSync(made, left);
    gateway = await startFaultGateway(options);
    expect(existsSync(left)).toBe(false);
    await untilSwept(gitDir);
  });
});

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { createEmptyDatabase, type Engine, engines } from '../support/engines.ts';
import { breaches, gitDirOf } from '../support/fault-audit.ts';
import { compiledGatewayAt } from '../support/fault-build.ts';
import { type FaultGateway, startFaultGateway } from '../support/fault-gateway.ts';
import {
  approveOnce,
  emptyLedger,
  persistOn,
  planOf,
  prepareLine,
  project,
  untilLanded,
  type Work,
  workOnce,
} from '../support/fault-line.ts';
import { rootCause } from '../support/root-cause.ts';
import { waitUntil } from '../support/wait.ts';

/** The commit before the landing queue: it landed one change at a time. */
const before = 'bb8b12c634748087b7b5fa90297f98de6f6badc8';
const program = compiledGatewayAt(before);
const gate = 'if ls src/*/slow >/dev/null 2>&1; then sleep 5; fi';

describe.skipIf(program === undefined).each(engines)(
  'changes that a gateway without a landing queue left, on %s',
  (engine: Engine) => {
    const folder = mkdtempSync(join(tmpdir(), 'andon-upgrade-landing-'));
    let gateway: FaultGateway | undefined;
    afterAll(async () => {
      await gateway?.destroy();
      rmSync(folder, { recursive: true, force: true });
    });

    it('go on: one that is gated, one that is judged, one that is approved, and one in the midst of its landing', async () => {
      const database = engine === 'postgres' ? { databaseUrl: await createEmptyDatabase() } : {};
      const options = { folder, ...database, config: { abandonedMs: 500 } };
      const older = await startFaultGateway({ ...options, ...(program === undefined ? {} : { program }) });
      gateway = older;
      const ledger = emptyLedger();
      const persist = persistOn(() => gateway ?? older);
      const { agents, reviewer } = await prepareLine(older, planOf(4, gate), 1);
      const [agent] = agents;
      if (agent === undefined) throw new Error('no agent');
      const offer = async (task: string, more = {}): Promise<Work> =>
        (await workOnce(agent, persist, ledger, task, more)) ?? expect.fail(`${task} was not ready`);
      const stateOf = async ({ change }: Work) =>
        (await persist((endpoint) => endpoint.owner.change.show.query({ project, change }))).state;
      const untilState = (work: Work, state: string) =>
        waitUntil(async () => (await stateOf(work)) === state, 30_000);

      const judged = await offer('t0');
      const approved = await offer('t1');
      await untilState(approved, 'judging');
      const pull = { project, colour: 'red', scope: 'task/t1', why: 'later' } as const;
      const { stop } = await older.owner.cord.pull.mutate(pull);
      await approveOnce(reviewer, persist, ledger, approved);
      const landing = await offer('t2');
      await untilState(landing, 'judging');
      const gated = await offer('t3', { 'src/t3/slow': 'slow\n' });
      await older.arm('after-intent');
      const { change, tree } = landing;
      const lost = older.client(reviewer).verdict.approve.mutate({ project, change, tree });
      await Promise.all([older.ended, lost.catch(() => undefined)]);
      ledger.verdicts.push(landing);

      gateway = await startFaultGateway(options);
      await untilLanded(reviewer, persist, landing);
      expect([await stateOf(judged), await stateOf(approved)]).toEqual(['judging', 'approved']);
      await gateway.owner.cord.clear.mutate({ project, stop, rootCause });
      await untilLanded(reviewer, persist, approved);
      await untilState(gated, 'judging');
      for (const work of [judged, gated]) {
        await approveOnce(reviewer, persist, ledger, work);
        await untilLanded(reviewer, persist, work);
      }
      expect(await breaches(gateway, ledger, gitDirOf(folder))).toEqual([]);
    });
  },
);

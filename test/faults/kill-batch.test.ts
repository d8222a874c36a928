import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { engines, shareOf } from '../support/engines.ts';
import { breaches, gitDirOf } from '../support/fault-audit.ts';
import { type FaultGateway, type FaultOptions, startFaultGateway } from '../support/fault-gateway.ts';
import {
  type Agent,
  approveOnce,
  emptyLedger,
  NotYet,
  persistOn,
  planOf,
  prepareLine,
  project,
  type Work,
  workOnce,
} from '../support/fault-line.ts';
import { killedOptions } from '../support/killed-options.ts';
import { rootCause } from '../support/root-cause.ts';

/** Points of a batch: trees are built, run together, and land in one swap; two that fail together step aside. */
const points = [
  'built',
  'gate.started after commit',
  'gate.ended before commit',
  'gate.ended after commit',
  'queue.parted before commit',
  'stepped-aside',
  'queue.cleared before commit',
  'queue.cleared after commit',
  'before-intent',
  'landing.intended before commit',
  'after-intent',
  'after-move',
  'change.landed before commit',
  'after-done',
];
const inRound = 4;
// Fails where two halves of one round come together; the comment makes it another gate in every round.
const gateOf = (round: number): string =>
  `test $(ls src/*/half-${round} 2>/dev/null | wc -l) -lt 2 || exit 5 # ${round}`;

describe.each(engines)('a gateway killed with SIGKILL in the midst of a batch, on %s', (engine) => {
  const ledger = emptyLedger();
  let options: FaultOptions;
  let gateway: FaultGateway;
  let agent: Agent;
  let reviewer: string;
  const persist = persistOn(() => gateway);

  beforeAll(async () => {
    options = await killedOptions(engine);
    gateway = await startFaultGateway(options);
    const prepared = await prepareLine(gateway, planOf(points.length * inRound, gateOf(0)), 1);
    reviewer = prepared.reviewer;
    [agent] = prepared.agents as [Agent];
  });
  afterAll(async () => {
    await gateway?.destroy();
  });

  const stateOf = ({ change }: Work): Promise<string> =>
    persist(
      async (endpoint) => (await endpoint.client(reviewer).change.show.query({ project, change })).state,
    );

  /** Offers four changes, two of which fail together, and approves them under a stop with a gate that never ran. */
  async function approveRound(round: number): Promise<{ works: Work[]; stop: string }> {
    const works: Work[] = [];
    for (let n = 0; n < inRound; n++) {
      const task = `t${round * inRound + n}`;
      const more = n === 1 || n === 3 ? { [`src/${task}/half-${round}`]: 'half\n' } : {};
      const work = await workOnce(agent, persist, ledger, task, more);
      if (work === undefined) throw new Error(`${task} was not ready`);
      works.push(work);
    }
    for (const work of works)
      await persist(async () => {
        if ((await stateOf(work)) === 'gating') throw new NotYet(`${work.task} is gating`);
      });
    const { owner } = gateway;
    const { stop } = await owner.cord.pull.mutate({ project, colour: 'red', why: 'all at once' });
    for (const work of works) await approveOnce(reviewer, persist, ledger, work);
    const text = planOf(points.length * inRound, `${gateOf(round)} again`);
    await owner.plan.put.mutate({ project, text });
    return { works, stop };
  }

  const rounds = points.map((point, round) => [point, round] as const);

  it.each(shareOf(engine, rounds))(
    'killed at `%s` it restarts, lands three of four and refuses one',
    async (point, round) => {
      const { works, stop } = await approveRound(round);
      await gateway.arm(point);
      const restarted = gateway.ended.then(async ({ signal }) => {
        expect(signal).toBe('SIGKILL');
        gateway = await startFaultGateway(options);
      });
      await persist((_endpoint, requestId) =>
        gateway.client(gateway.ownerToken(), requestId).cord.clear.mutate({ project, stop, rootCause }),
      );
      await restarted;
      await persist(async () => {
        const states = await Promise.all(works.map(stateOf));
        if (!states.every((state) => state === 'landed' || state === 'refused'))
          throw new NotYet(states.join());
      });
      const states = await Promise.all(works.map(stateOf));
      expect([states[0], states[2]]).toEqual(['landed', 'landed']);
      expect([states[1], states[3]].sort()).toEqual(['landed', 'refused']);
      expect(await breaches(gateway, ledger, gitDirOf(options.folder))).toEqual([]);
    },
  );
});

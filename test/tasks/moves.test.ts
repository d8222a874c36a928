import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Tx } from '../../src/store/store.ts';
import { renewedUntil } from '../../src/tasks/lease.ts';
import { lockChange, lockTask } from '../../src/tasks/rows.ts';
import type { ChangeState, TaskState } from '../../src/tasks/states.ts';
import { moveChange, movesTasks, moveTask } from '../../src/tasks/transition.ts';
import { engines } from '../support/engines.ts';
import { type Hand, type Line, openLine, passTime } from '../support/line.ts';
import { listedMoves, movesPastTables, recordMoves, seenMoves } from '../support/moves.ts';
import { planHead } from '../support/plan-head.ts';

const project = 'shop';
const plan = (needs = '') => `
${planHead({ project, done: 'artefact' })}
lease: 60s
tasks:
  first: { title: First, phase: build }
  second: { title: Second, phase: build, needs: [first] }
  third: { title: Third, phase: build${needs} }
  fourth: { title: Fourth, phase: build }
  fifth: { title: Fifth, phase: build }
  sixth: { title: Sixth, phase: build, needs: [fifth] }
`;
const without = (...gone: readonly string[]): string =>
  plan()
    .split('\n')
    .filter((row) => !gone.some((id) => row.startsWith(`  ${id}:`)))
    .join('\n');

describe.each(engines)('what moves, on %s', (engine) => {
  let line: Line;
  let builder: Hand;
  let reviewer: Hand;
  beforeAll(async () => {
    line = await openLine(engine, { plan: plan() });
    builder = await line.mint('agent:builder');
    reviewer = await line.mint('agent:reviewer', { tier: 'validator' });
    await recordMoves(line.app.gateway.store);
  });
  afterAll(() => line.close());

  const claim = async (task: string): Promise<number> =>
    (await builder.client.task.claim.mutate({ project, task })).task?.epoch ?? 0;
  const submit = async (task: string) => {
    const epoch = await claim(task);
    return builder.client.change.submit.mutate({ project, task, epoch, artefact: 'here' });
  };
  const put = (text: string) => line.owner.plan.put.mutate({ project, text });
  const within = <T>(work: (tx: Tx) => Promise<T>): Promise<T> => line.app.gateway.store.transaction(work);
  const state = async (task: string): Promise<TaskState> => (await line.task(task)).state;

  it('goes each way that the table of tasks lists, and no other', async () => {
    const epoch = await claim('first');
    const held = { project, task: 'first', epoch };
    await builder.client.task.renew.mutate(held);
    await builder.client.task.release.mutate({ ...held, why: 'x' });
    await claim('first');
    await line.owner.task.steal.mutate({ project, task: 'first', to: 'agent:builder', why: 'x' });
    await passTime(61_000, line);
    await line.app.workers.tick();
    expect(await state('first')).toBe('ready');
    const rejected = await submit('first');
    await reviewer.client.verdict.reject.mutate({ project, ...judged(rejected), reasons: ['x'] });
    const approved = await submit('first');
    await reviewer.client.verdict.approve.mutate({ project, ...judged(approved) });
    expect([await state('first'), await state('second')]).toEqual(['done', 'ready']);
    await put(plan(', needs: [second]'));
    expect(await state('third')).toBe('backlog');
    await claim('fourth');
    await line.owner.task.abandon.mutate({ project, task: 'fourth', why: 'x' });
    expect(await line.task('fourth')).toMatchObject({ state: 'abandoned', holder: null, leaseUntil: null });
    await put(without('fourth', 'fifth', 'sixth'));
    expect([await state('fifth'), await state('sixth')]).toEqual(['abandoned', 'abandoned']);
    const { store } = line.app.gateway;
    expect(await movesPastTables(store)).toEqual([]);
    const seen = await seenMoves(store);
    expect(seen.filter((move) => move.startsWith('tasks:'))).toEqual(listedMoves('tasks'));
    expect(seen.filter((move) => move.startsWith('changes:'))).toEqual([
      'changes: approved → landed',
      'changes: judging → approved',
      'changes: judging → refused',
    ]);
  });

  const judged = ({ change, tree }: { change: string; tree: string }) => ({ change, tree });

  it('moves no task that was not where the move begins, whatever its caller believed', async () => {
    expect(await state('second')).toBe('ready');
    const stale = within(async (tx) => {
      const task = await lockTask(tx, project, 'second');
      if (task === undefined) return;
      moveTask(tx, { ...task, state: 'gated' }, 'finish');
    });
    await expect(stale).rejects.toThrow('task.finish found no row in a state from which it leads');
    const gone = within(async (tx) => {
      moveTask(tx, { project, id: 'nowhere', state: 'in_progress' }, 'release');
    });
    await expect(gone).rejects.toThrow('task.release found no row');
    expect(await state('second')).toBe('ready');
  });

  it('moves no change that was not where the move begins', async () => {
    const { change } = await submit('second');
    const before = await line.change(change);
    for (const [event, believed] of [
      ['land', 'landing'],
      ['intend', 'approved'],
    ] as const) {
      const stale = within(async (tx) => {
        const row = await lockChange(tx, project, change);
        if (row !== undefined) moveChange(tx, { ...row, state: believed as never }, event);
      });
      await expect(stale).rejects.toThrow(`change.${event} found no row in a state from which it leads`);
    }
    expect((await line.change(change)).state satisfies ChangeState).toBe('judging');
    expect(await line.change(change)).toEqual(before);
  });
});

describe('the statements of moves', () => {
  it('are not made without asking for the state', () => {
    const blind = () =>
      movesTasks('test.blind', 'finish', ({ set }) => `update tasks set ${set} where id = $1`);
    expect(blind).toThrow('test.blind moves rows whatever state they are in');
  });
});

describe('the new end of a lease', () => {
  const at = (ms: number): Date => new Date(ms);
  it('is the length of the lease after now, and never before the end that was promised', () => {
    expect(renewedUntil({ leaseUntil: at(5_000), leaseMs: 60_000 }, at(1_000))).toEqual(at(61_000));
    expect(renewedUntil({ leaseUntil: at(61_500), leaseMs: 60_000 }, at(1_000))).toEqual(at(61_500));
    expect(renewedUntil({ leaseUntil: null, leaseMs: 60_000 }, at(1_000))).toEqual(at(61_000));
  });
});

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { gateDefinition, type NamedGate } from '../../../src/changes/gates.ts';
import { type BuiltWish, readUnfinished, syncRuns } from '../../../src/changes/queue/runs.ts';
import { type Store, statement } from '../../../src/store/store.ts';
import { engines, openTestStore } from '../../support/engines.ts';

const project = 'shop';
const tree = 'a'.repeat(40);
const gate: NamedGate = {
  name: 'tests',
  gate: { kind: 'run', run: 'true' } as unknown as NamedGate['gate'],
};
const wish = (results: number): BuiltWish => ({
  ...{ wish: { gate: 'tests', tree: { main: 'm', changes: ['chg_1'] } }, tree, candidate: 'b'.repeat(40) },
  ...{ definition: gateDefinition(gate.gate), gate, results },
});
const put = statement(
  '',
  `insert into gate_runs (id, project, gate, tree, manual, status, definition, ended_at) values ($1, $2, 'tests', $3, false, $4, $5, andon_now())`,
);

describe.each(engines)('the runs of the queue, on %s', (engine) => {
  let store: Store;
  beforeAll(async () => {
    store = await openTestStore(engine);
    await store.rows(statement('', `insert into projects (name, repository) values ($1, '')`), [project]);
  });
  afterAll(() => store?.close());

  const sync = (...wishes: BuiltWish[]) => store.transaction((tx) => syncRuns(tx, project, wishes));

  it.each(['passed', 'failed'])('begin no run anew that has %s since it was wished', async (status) => {
    await store.rows(statement('', 'delete from gate_runs'));
    await sync(wish(0));
    expect(await readUnfinished(store, project)).toHaveLength(1);
    await store.rows(statement('', 'delete from gate_runs'));
    await store.rows(put, ['gat_1', project, tree, status, gateDefinition(gate.gate)]);
    await sync(wish(0));
    expect(await readUnfinished(store, project)).toEqual([]);
    // A wish that knows of the result is carried out: a failure is tried again.
    await sync(wish(1));
    expect(await readUnfinished(store, project)).toHaveLength(1);
  });
});

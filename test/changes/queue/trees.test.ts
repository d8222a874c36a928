import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { carryTrees } from '../../../src/changes/queue/trees.ts';
import { type Store, statement } from '../../../src/store/store.ts';
import { engines, openTestStore } from '../../support/engines.ts';

const project = 'shop';

describe.each(engines)('trees that are stacked on what lands, on %s', (engine) => {
  let store: Store;
  beforeAll(async () => {
    store = await openTestStore(engine);
    await store.rows(statement('', 'insert into projects (name, repository) values ($1, $2)'), [
      project,
      'x',
    ]);
  });
  afterAll(() => store?.close());
  const put = (main: string, changes: string[], tree: string | null) =>
    store.rows(
      statement(
        '',
        'insert into queue_trees (project, main, changes, tree, candidate, conflicts) values ($1, $2, $3, $4, $4, $5)',
      ),
      [project, main, changes, tree, tree === null ? ['a.js'] : []],
    );
  const on = (main: string) =>
    store.rows(
      statement(
        '',
        'select changes, tree, candidate from queue_trees where project = $1 and main = $2 order by changes',
      ),
      [project, main],
    );

  it('keep their tree under the name of the new main; others and conflicts are built anew', async () => {
    await put('old', ['a'], 'ta');
    await put('old', ['a', 'b'], 'tab');
    await put('old', ['a', 'b', 'c'], 'tabc');
    await put('old', ['a', 'b', 'd'], null);
    await put('old', ['b', 'c'], 'tbc');
    await put('other', ['a', 'b', 'e'], 'tabe');
    const landed = { from: 'old', main: 'new', changes: ['a', 'b'] };
    await carryTrees(store, project, landed);
    expect(await on('new')).toEqual([{ changes: ['c'], tree: 'tabc', candidate: 'tabc' }]);
    await carryTrees(store, project, landed);
    expect(await on('new')).toHaveLength(1);
  });
});

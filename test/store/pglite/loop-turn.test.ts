import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Store, statement } from '../../../src/store/store.ts';
import { openTestStore } from '../../support/engines.ts';

/** A hundred milliseconds of work of the database, more or less. */
const work = statement('test.work', 'select count(*) from generate_series(1, 500000)');
const rounds = 12;

describe('the loop beside the embedded database', () => {
  let store: Store;
  beforeAll(async () => {
    store = await openTestStore('pglite');
  });
  afterAll(() => store.close());

  /** Turns of the loop while something is carried out. */
  async function turnsDuring(carryOut: () => Promise<void>): Promise<number> {
    let turns = 0;
    let isOver = false;
    const count = (): void => {
      turns += 1;
      if (!isOver) setImmediate(count);
    };
    setImmediate(count);
    await carryOut();
    isOver = true;
    return turns;
  }

  it('has its turns between statements that follow each other, alone or in a transaction', async () => {
    const alone = await turnsDuring(async () => {
      for (let n = 0; n < rounds; n++) await store.rows(work);
    });
    expect(alone).toBeGreaterThan(rounds / 2);
    const together = await turnsDuring(() =>
      store.transaction(async (tx) => {
        for (let n = 0; n < rounds; n++) await tx.rows(work);
      }),
    );
    expect(together).toBeGreaterThan(rounds / 2);
  });

  it('has them between statements without a name, too', async () => {
    const turns = await turnsDuring(async () => {
      for (let n = 0; n < rounds; n++) await store.rows({ name: '', text: work.text });
    });
    expect(turns).toBeGreaterThan(rounds / 2);
  });
});

import type { Statement, Store, Tx } from '../../src/store/store.ts';

/** Called with the name of every passed point; a test dies or sleeps there. */
export type AtPoint = (point: string) => void;

/**
 * A store that names its commits: `task.claimed before commit` and `… after commit`, for every type of event that a
 * transaction appends.
 */
export function watchStore(store: Store, at: AtPoint): Store {
  return {
    engine: store.engine,
    get orm() {
      return store.orm;
    },
    rows: <R>(statement: Statement, params?: readonly unknown[]): Promise<R[]> =>
      store.rows<R>(statement, params),
    async transaction(work) {
      let seen = new Set<string>();
      const result = await store.transaction(async (tx) => {
        seen = new Set();
        const done = await work(watchTx(tx, seen));
        for (const type of seen) at(`${type} before commit`);
        return done;
      });
      for (const type of seen) at(`${type} after commit`);
      return result;
    },
    listen: (channel, heard, lost) => store.listen(channel, heard, lost),
    close: () => store.close(),
  };
}

function watchTx(tx: Tx, seen: Set<string>): Tx {
  const note = (statement: Statement, params: readonly unknown[] = []): void => {
    if (statement.name !== 'events.append') return;
    for (const { type } of JSON.parse(String(params[0])) as { type: string }[]) seen.add(type);
  };
  return {
    get orm() {
      return tx.orm;
    },
    rows<R>(statement: Statement, params?: readonly unknown[]): Promise<R[]> {
      note(statement, params);
      return tx.rows<R>(statement, params);
    },
    later(statement: Statement, params?: readonly unknown[]): void {
      note(statement, params);
      tx.later(statement, params);
    },
  };
}

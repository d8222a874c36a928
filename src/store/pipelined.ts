import type { Session, Statement } from './store.ts';

/** Statements that were started and not waited for; the commit waits for all of them. */
export class Pipelined {
  readonly #started: Promise<unknown>[] = [];

  start(session: Session, statement: Statement, params: readonly unknown[] = []): void {
    const rows = session.rows(statement, params);
    // The commit reports the failure; until then it must not count as unhandled.
    rows.catch(() => {});
    this.#started.push(rows);
  }

  async settled(): Promise<void> {
    await Promise.all(this.#started);
  }
}

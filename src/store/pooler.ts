import pg from 'pg';
import { type AndonError, fail } from '../lib/errors.ts';

/**
 * Connections that are held open at once in search of one that shares a session with another: a pooler hands out the
 * session that was given back last, so the first finds it as a rule.
 */
const heldMax = 4;

const pooled = (found: string): AndonError => fail('store.pooled', 'DATABASE_URL', { found });

/** The refusal of a pooler that takes no settings of a session; undefined for any other error. */
function poolerFault(error: unknown): AndonError | undefined {
  const words = error instanceof Error ? error.message : '';
  return /unsupported startup parameter/i.test(words) ? pooled(words) : undefined;
}

const identity = `select pg_backend_pid() as pid, current_setting('plan_cache_mode') as mode`;

interface SessionIdentity {
  readonly pid: number;
  readonly mode: string;
}

async function identityOf(client: pg.ClientBase): Promise<SessionIdentity> {
  const { rows } = await client.query<SessionIdentity>(identity);
  const [row] = rows;
  if (row === undefined) throw new Error('the database tells no session');
  return row;
}

/**
 * Refuses a pooler in front of the database that gives a session to another client after each transaction, as PgBouncer
 * does in transaction mode: what a gateway listens to, and the statements that it prepares, belong to the session. A
 * pooler shows itself by naming a process that is not the session's; without one this costs one query. In session mode it
 * is good, where it passes the settings on. Errors: `store.pooled`.
 */
export async function refusePooler(config: pg.ClientConfig): Promise<void> {
  const first = new pg.Client(config);
  const held: pg.Client[] = [];
  // A connection that the server ends is no concern once the question is answered.
  first.on('error', () => {});
  try {
    await first.connect();
    const { pid, mode } = await identityOf(first);
    if ((first as unknown as { readonly processID: number }).processID === pid) return;
    if (mode !== 'force_generic_plan') throw pooled('a pooler that leaves out the settings of a session');
    for (let n = 0; n < heldMax; n++) {
      const other = new pg.Client(config);
      other.on('error', () => {});
      held.push(other);
      await other.connect();
      await other.query('begin');
      if ((await identityOf(other)).pid === pid)
        throw pooled('a pooler that shares sessions between transactions');
    }
  } catch (error) {
    throw poolerFault(error) ?? error;
  } finally {
    await Promise.all([first, ...held].map((client) => client.end().catch(() => {})));
  }
}

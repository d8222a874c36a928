import { sql } from 'drizzle-orm';
import { forgetGateOutput } from '../../changes/slots/output.ts';
import { forgetTakers } from '../../changes/slots/takers.ts';
import { lockOverdue, projectsWithOverdue } from '../../runs/take.ts';
import { appendEvents, event, gatewayEvent, withHead } from '../../store/log/events.ts';
import type { Sequencer } from '../../store/log/sequencer.ts';
import { checkpoints } from '../../store/schema.ts';
import { type Store, statement } from '../../store/store.ts';
import type { SystemTransaction } from '../../store/system-transaction.ts';
import { endAttempt } from '../../tasks/attempts.ts';
import { expireLeases } from '../../tasks/lease.ts';
import { returnBudgets } from '../auth/minting.ts';
import type { TokenService } from '../auth/token-service.ts';
import { endContext } from '../runs/end-context.ts';
import { endRun } from '../runs/end-run.ts';

const expiredProjects = statement(
  'leases.expired',
  `select distinct project from tasks where state = 'in_progress' and lease_until <= (select andon_now())`,
);
const oldRequests = statement(
  'requests.sweep',
  `delete from requests where at < (select andon_now()) - interval '24 hours'`,
);
const lastSequenced = statement(
  'checkpoint.due',
  `select e.position, e.hash from events e where e.position = (select max(position) from events)
   and e.position > coalesce((select max(position) from checkpoints), 0)`,
);

/** Ends every expired lease, in every project. */
export async function expireAll(store: Store, systemTransaction: SystemTransaction): Promise<void> {
  for (const { project } of await store.rows<{ project: string }>(expiredProjects))
    await expire(project, systemTransaction);
}

async function expire(project: string, systemTransaction: SystemTransaction): Promise<void> {
  await systemTransaction(project, async (tx) => {
    const events = [];
    for (const { id, epoch, holder } of await expireLeases(tx, project)) {
      events.push(gatewayEvent(project, event('lease.expired', `task/${id}`, { epoch, holder })));
      const of = { project, task: id, epoch, agent: holder };
      const reasons = ['nobody renewed its lease in time (andon task renew)'];
      events.push(...(await endAttempt(tx, { ...of, outcome: 'expired', reasons })));
    }
    return { result: undefined, events };
  });
}

/** Ends every run whose runner has given no sign of life in time: revokes its tokens and gives its tasks back. */
export async function endOverdueRuns(
  store: Store,
  systemTransaction: SystemTransaction,
  issuer: string,
): Promise<void> {
  for (const project of await projectsWithOverdue(store)) {
    await systemTransaction(project, async (tx, entered) => {
      const context = await endContext(tx, { issuer }, project, entered);
      const events = [];
      for (const run of await lockOverdue(tx, project))
        events.push(...(await endRun(tx, run, { ...lostLease, usage: run.usage }, context)).events);
      const head = { project, actor: 'gateway' };
      return { result: undefined, events: events.map((one) => withHead(head, one)) };
    });
  }
}

const lostLease = {
  cause: 'lost_lease',
  exitCode: null,
  signal: null,
  verdict: { problem: 'missing' },
  note: 'its runner gave no sign of life',
} as const;

/** Returns the unspent budgets of ended grants to the grants that they came from. */
export async function giveBackBudgets(store: Store, sequencer: Sequencer): Promise<void> {
  const returned = await store.transaction(async (tx) => {
    const rows = await returnBudgets(tx);
    appendEvents(
      tx,
      rows.map(({ grantId, project, parent, leftBudget }) =>
        gatewayEvent(project, event('grant.returned', `grant/${grantId}`, { parent, budget: leftBudget })),
      ),
    );
    return rows.length;
  });
  if (returned > 0) sequencer.wake();
}

/** Deletes stored answers, and takers of gates that are gone, after a day. */
export async function forgetOld(store: Store): Promise<void> {
  await store.rows(oldRequests);
  await forgetTakers(store);
  await forgetGateOutput(store);
}

/** Signs the end of the chain, if it has grown since the last time. */
export async function signChain(store: Store, tokens: TokenService): Promise<void> {
  const [end] = await store.rows<{ position: number; hash: string }>(lastSequenced);
  if (end === undefined) return;
  const signed = await tokens.signCheckpoint(end.position, end.hash);
  await store.orm
    .insert(checkpoints)
    .values({ ...signed, at: sql`andon_now()` })
    .onConflictDoNothing();
}

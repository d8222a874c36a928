import { createHash } from 'node:crypto';
import { sql } from 'drizzle-orm';
import type { Logger } from 'pino';
import { type AuditRow, auditBefore, endAudit, takeAudit } from '../../audits/rows.ts';
import { Coalesced } from '../../lib/coalesced.ts';
import { sendMessage } from '../../messages/messages.ts';
import { reports } from '../../messages/schema.ts';
import { newId } from '../../process/new-id.ts';
import { canonicalJson } from '../../store/log/chain.ts';
import { event, gatewayEvent } from '../../store/log/events.ts';
import type { Tx } from '../../store/store.ts';
import type { SystemTransaction } from '../../store/system-transaction.ts';
import { type AuditTools, type CarriedOut, carryOut } from './run-audit.ts';

/** Tools and log of the worker. */
export interface AuditWorkerOptions extends AuditTools {
  readonly log: Logger;
}

/** Carries out requested audits, one at a time; an audit whose gateway died is taken up by another. */
export class AuditWorker {
  readonly #options: AuditWorkerOptions;
  readonly #systemTransaction: SystemTransaction;
  readonly #worker: string;
  readonly #rounds = new Coalesced(
    () => this.#workOff(),
    (error) => this.#options.log.error({ err: error }, 'audits'),
  );

  constructor(
    options: AuditWorkerOptions,
    ports: { readonly owner: string; readonly systemTransaction: SystemTransaction },
  ) {
    this.#options = options;
    this.#systemTransaction = ports.systemTransaction;
    this.#worker = ports.owner;
  }

  /** Starts on the audits that wait. Never rejects. */
  wake(): void {
    void this.#rounds.ask();
  }

  async #workOff(): Promise<void> {
    for (;;) {
      const audit = this.#rounds.isClosed ? undefined : await takeAudit(this.#options.store, this.#worker);
      if (audit === undefined) return;
      await this.#carryOut(audit);
    }
  }

  async #carryOut(audit: AuditRow): Promise<void> {
    const found = await carryOut(this.#options, audit).then(
      (done) => ({ ...done, state: 'done' as const }),
      (error: unknown) => ({ ...failed(audit, error), state: 'failed' as const }),
    );
    await this.#systemTransaction(audit.project, async (tx) => {
      const isAgain = sameAs(await auditBefore(tx, audit), found);
      const result = { ...found.result, told: toldOf(found) };
      if (!(await endAudit(tx, audit, this.#worker, { ...found, result })))
        return { result: undefined, events: [] };
      if (!isAgain) await tell(tx, audit, found);
      const { kind, trigger, askedBy } = audit;
      const { state, alert, title } = found;
      const data = { kind, state, alert, title, trigger, askedBy, ...(isAgain && { again: true }) };
      const ended = event('audit.ended', `audit/${audit.id}`, data);
      return { result: undefined, events: [gatewayEvent(audit.project, ended)] };
    });
  }

  async close(): Promise<void> {
    await this.#rounds.close();
  }
}

const failed = ({ kind }: AuditRow, error: unknown): CarriedOut => ({
  alert: true,
  title: `the ${kind} audit failed`,
  body: error instanceof Error ? error.message : String(error),
  result: {},
  isNew: false,
  facts: ['failed', error instanceof Error ? error.message : String(error)],
  from: 0,
  to: 0,
});

const toldOf = ({ facts }: CarriedOut): string =>
  createHash('sha256').update(canonicalJson(facts)).digest('hex');

/** True when the audit before this one told the same: an alert or a report is told when something has changed. */
const sameAs = (before: AuditRow | undefined, found: CarriedOut): boolean =>
  !found.isNew && before?.result?.told === toldOf(found);

/** Tells executives and people of an alert at once; stores a progress report and puts it into their inboxes. */
async function tell(tx: Tx, audit: AuditRow, { alert, title, body }: CarriedOut): Promise<void> {
  const isReport = audit.kind === 'report';
  if (!alert && !isReport) return;
  const { project, id } = audit;
  const kind = alert ? ('alert' as const) : ('report' as const);
  await tx.orm.insert(reports).values({
    id: newId('report'),
    project,
    kind,
    byAgent: 'gateway',
    title: title.slice(0, 200),
    body,
    at: sql`andon_now()`,
  });
  for (const recipient of ['tier:executive', 'tier:human'])
    await sendMessage(tx, { project, recipient, kind, subject: `audit/${id}`, title, body });
}

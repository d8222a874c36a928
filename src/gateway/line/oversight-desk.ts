import { sql } from 'drizzle-orm';
import type { Logger } from 'pino';
import { Coalesced } from '../../lib/coalesced.ts';
import type { LineTx } from '../../line/line-tx.ts';
import { sendMessage } from '../../line/messages.ts';
import { type AuditRow, endAudit, takeAudit } from '../../line/oversight/rows.ts';
import { event, gatewayEvent } from '../../store/events.ts';
import { newId } from '../../store/ids.ts';
import type { Tx } from '../../store/store.ts';
import { type AuditTools, type CarriedOut, carryOut } from '../oversight/carry-out.ts';
import { reports } from '../reports-schema.ts';

export interface OversightDeskOptions extends AuditTools {
  readonly log: Logger;
}

/** Carries out audits that were asked for, one at a time; one whose gateway died is taken up by another. */
export class OversightDesk {
  readonly #options: OversightDeskOptions;
  readonly #lineTx: LineTx;
  readonly #worker: string;
  readonly #rounds = new Coalesced(
    () => this.#workOff(),
    (error) => this.#options.log.error({ err: error }, 'audits'),
  );

  constructor(options: OversightDeskOptions, ports: { readonly owner: string; readonly lineTx: LineTx }) {
    this.#options = options;
    this.#lineTx = ports.lineTx;
    this.#worker = ports.owner;
  }

  /** Somebody asked for an audit. Never rejects. */
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
    await this.#lineTx(audit.project, async (tx) => {
      if (!(await endAudit(tx, audit, this.#worker, found))) return { result: undefined, events: [] };
      await tell(tx, audit, found);
      const { kind, trigger, askedBy } = audit;
      const { state, alert, title } = found;
      const data = { kind, state, alert, title, trigger, askedBy };
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
  from: 0,
  to: 0,
});

/** What alerts goes to executives and people at once; a progress report is kept as one and put into their inboxes. */
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

import type { Logger } from 'pino';
import { columnsOf } from '../store/columns.ts';
import { appendEvents, event, gatewayEvent } from '../store/log/events.ts';
import { type Store, statement } from '../store/store.ts';
import { runCommand } from './command.ts';
import { triggerDeliveries } from './schema.ts';
import { type Delivered, post } from './webhook.ts';

/** Programs and hosts outside that the operator allows triggers to reach. */
export interface DeliverySettings {
  /** Absolute path of a program by its name. */
  readonly commands: Readonly<Record<string, string>>;
  readonly webhookHosts: readonly string[];
  readonly secret: string;
  readonly commandMs: number;
}

const triesMax = 5;
const atOnceMax = 4;
/** Time after which a delivery whose gateway died is tried again. */
const leaseSeconds = 60;

const leftOut = ['state', 'nextTryAt', 'status', 'error', 'createdAt', 'endedAt'] as const;

type Delivery = Readonly<Omit<typeof triggerDeliveries.$inferSelect, (typeof leftOut)[number]>>;

const take = statement(
  'deliveries.take',
  `update trigger_deliveries set tries = tries + 1, next_try_at = andon_now() + $2 * interval '1 second'
   where id in (select id from trigger_deliveries where state = 'waiting' and next_try_at <= (select andon_now())
     order by next_try_at limit $1 for update skip locked)
   returning ${columnsOf(triggerDeliveries, leftOut)}`,
);
// The number of the try is a fence: a paused gateway must not overwrite the outcome of a later try.
const conclude = statement(
  'deliveries.conclude',
  `update trigger_deliveries set state = $3, status = $4, next_try_at = andon_now() + $5 * interval '1 second',
     ended_at = case when $3 = 'waiting' then null else andon_now() end
   where id = $1 and tries = $2 and state = 'waiting' returning id`,
);

/**
 * Sends the deliveries that fires have left: each is taken under a lease, tried with growing pauses, its
 * outcome written down.
 */
export class DeliveryWorker {
  readonly #store: Store;
  readonly #settings: DeliverySettings;
  readonly #nowSeconds: () => number;
  readonly #log: Logger;
  readonly #running = new Set<Promise<void>>();
  readonly #abort = new AbortController();

  constructor(store: Store, settings: DeliverySettings, nowSeconds: () => number, log: Logger) {
    this.#store = store;
    this.#settings = settings;
    this.#nowSeconds = nowSeconds;
    this.#log = log;
  }

  /** Takes waiting deliveries while there is room. Does not wait for their end. */
  async fill(): Promise<void> {
    const room = atOnceMax - this.#running.size;
    if (room <= 0 || this.#abort.signal.aborted) return;
    const lease = Math.max(leaseSeconds, (this.#settings.commandMs / 1000) * 2);
    const taken = await this.#store.rows<Delivery>(take, [room, lease]);
    for (const one of taken) {
      const run = this.#deliver(one)
        .catch((error: unknown) => this.#log.warn({ err: error, delivery: one.id }, 'delivery'))
        .finally(() => this.#running.delete(run));
      this.#running.add(run);
    }
  }

  async #deliver(one: Delivery): Promise<void> {
    const delivered = await this.#send(one);
    // The end of the gateway cut the delivery short: the lease runs out, and it is tried again.
    if (this.#abort.signal.aborted && !delivered.ok) return;
    const isLast = delivered.ok || !delivered.again || one.tries >= triesMax;
    const state = delivered.ok ? 'done' : isLast ? 'failed' : 'waiting';
    const pause = 5 * 6 ** (one.tries - 1);
    await this.#store.transaction(async (tx) => {
      const { status } = delivered;
      const [row] = await tx.rows(conclude, [one.id, one.tries, state, status, pause]);
      if (row === undefined || !isLast) return;
      const data = {
        trigger: one.trigger,
        slot: one.slot,
        kind: one.kind,
        target: one.target,
        ok: delivered.ok,
        status: status.slice(0, 300),
        tries: one.tries,
        causes: [],
      };
      const tried = event('trigger.delivered', `delivery/${one.id}`, data);
      appendEvents(tx, [gatewayEvent(one.project, tried)]);
    });
  }

  #send({ kind, target, id, body }: Delivery): Promise<Delivered> {
    const { commands, webhookHosts, secret, commandMs } = this.#settings;
    if (kind === 'webhook')
      return post(target, id, body, { secret, allowed: webhookHosts, nowSeconds: this.#nowSeconds() });
    const file = Object.hasOwn(commands, target) ? commands[target] : undefined;
    // The program may be known to another gateway, so the delivery is tried again.
    if (file === undefined)
      return Promise.resolve({ ok: false, status: `trigger.command: ${target}`, again: true });
    const env = { PATH: '/usr/local/bin:/usr/bin:/bin', ANDON_DELIVERY: id };
    return runCommand(file, body, { timeoutMs: commandMs, env, abort: this.#abort.signal });
  }

  async close(): Promise<void> {
    this.#abort.abort();
    await Promise.allSettled(this.#running);
  }
}

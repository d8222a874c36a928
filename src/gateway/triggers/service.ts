import { setImmediate as nextTurn } from 'node:timers/promises';
import { Coalesced } from '../../lib/coalesced.ts';
import { type Reason, reason } from '../../lib/decision.ts';
import { AndonError } from '../../lib/errors.ts';
import { actionsOf } from '../../plan/trigger-actions.ts';
import type { PlanTrigger } from '../../plan/triggers.ts';
import type { EventType } from '../../store/log/events.ts';
import { isUnavailable } from '../../store/retry.ts';
import { statement } from '../../store/store.ts';
import { targetOf } from '../../triggers/address.ts';
import { type DeliverySettings, DeliveryWorker } from '../../triggers/delivery-worker.ts';
import { recordRefusal, type WaitingSlot, waitingSlots } from '../../triggers/fire-rows.ts';
import { standingGrant } from '../../triggers/grant.ts';
import { tickEvents } from '../../triggers/tail.ts';
import { admit } from '../admission/admit.ts';
import type { Gateway, TriggersPort } from '../services.ts';
import { addTask } from './actions/add-task.ts';
import { audit } from './actions/audit.ts';
import { cord } from './actions/cord.ts';
import { command, webhook } from './actions/deliver.ts';
import { notify } from './actions/notify.ts';
import { spawn } from './actions/spawn.ts';
import { type FireAnswer, fireDefinition, type Ports } from './fire-trigger.ts';
import { PoolWatch } from './pools.ts';
import { lookRound } from './round.ts';

/** Built-in actions; app.ts adds those of other rooms. */
const ownPorts: Ports = { audit, cord, notify, webhook, command, task: addTask, spawn };

const arming: ReadonlySet<string> = new Set<EventType>([
  'plan.applied',
  'trigger.created',
  'trigger.resumed',
]);
const pageMax = 50;
const atOnceMax = 4;
const onTypes = statement(
  'triggers.onTypes',
  `select distinct on_type as "onType" from triggers where state = 'active' and on_type is not null`,
);
const oldTallies = statement(
  'triggers.oldTallies',
  `delete from trigger_tallies where at < (select andon_now()) - interval '31 days'`,
);

/**
 * Fires triggers: by the clock every second, and at once when the log grows or a caller wakes the service.
 * All of its state is in the database, under row locks, so any number of gateways run it side by side and
 * none is elected.
 */
export class TriggerService implements TriggersPort {
  readonly #settings: DeliverySettings;
  readonly #ports: Ports;
  readonly #pools = new PoolWatch();
  #gateway: Gateway | undefined;
  #deliveries: DeliveryWorker | undefined;
  /** Types of events that some trigger waits for, as of the last tick: most events wake no trigger. */
  #awaited: ReadonlySet<string> = new Set();
  #silence: () => void = () => {};
  /** True when the next round also looks for due triggers, and not only at waiting slots. */
  #looks = false;
  readonly #rounds = new Coalesced(
    () => this.#round(),
    (error) => this.#gateway?.log.warn({ err: error }, 'triggers'),
  );

  constructor(settings: DeliverySettings, ports: Ports = {}) {
    this.#settings = settings;
    this.#ports = { ...ownPorts, ...ports };
  }

  /** Begins to listen to the log. The caller makes the first tick. */
  start(gateway: Gateway): void {
    this.#gateway = gateway;
    const { store, log, feed } = gateway;
    this.#deliveries = new DeliveryWorker(store, this.#settings, () => gateway.nowSeconds(), log);
    this.#silence = feed.hear((events) => {
      if (events.some(({ type }) => this.#awaited.has(type))) this.wake();
      // The set of armed triggers has changed; until it is read again, the tick of the next second finds the
      // events that this filter would miss.
      else if (events.some(({ type }) => arming.has(type))) void this.tick();
    });
  }

  wake(): void {
    void this.#rounds.ask();
  }

  /** Makes one round over all due triggers; called every second and once at the start. Never rejects. */
  tick(): Promise<void> {
    this.#looks = true;
    return this.#rounds.ask();
  }

  async tidy(): Promise<void> {
    await this.#gateway?.store.rows(oldTallies);
  }

  faults(name: string, trigger: PlanTrigger): Reason[] {
    const subject = `triggers.${name}`;
    const { commands, webhookHosts } = this.#settings;
    return actionsOf(trigger).flatMap((action) => {
      const { kind } = action;
      if (this.#ports[kind] === undefined) return [reason('trigger.action', subject, { found: kind })];
      if (kind === 'command' && !Object.hasOwn(commands, action.command)) {
        const limit = Object.keys(commands).join(', ');
        return [reason('trigger.command', subject, { found: action.command, limit })];
      }
      const target = kind === 'webhook' ? targetOf(action.url, webhookHosts) : undefined;
      return target !== undefined && 'code' in target ? [target] : [];
    });
  }

  async #round(): Promise<void> {
    const looks = this.#looks;
    this.#looks = false;
    const gateway = this.#gateway;
    // While the database is below the mark of its log no trigger fires: missed slots are made up for
    // afterwards.
    if (gateway === undefined || gateway.logKeeper.below !== undefined) return;
    const { store, log } = gateway;
    if (looks) {
      await lookRound(store, (error, name) => log.error({ err: error, trigger: name }, 'trigger paused'));
      const rows = await store.rows<{ onType: string }>(onTypes);
      this.#awaited = new Set(rows.map(({ onType }) => onType));
      await this.#pools.look(store, (error, pool) => log.error({ err: error, trigger: pool }, 'pool'));
    } else await tickEvents(store);
    await this.#fireWaiting(gateway, false);
    // Slots that wait for an earlier run to end are checked once a second.
    if (looks) await this.#fireWaiting(gateway, true);
    await this.#deliveries?.fill();
  }

  async #fireWaiting(gateway: Gateway, queued: boolean): Promise<void> {
    for (let isMore = true; isMore && !this.#rounds.isClosed; ) {
      const slots = await waitingSlots(gateway.store, queued, pageMax);
      let moved = 0;
      const next = slots.values();
      const lane = async (): Promise<void> => {
        for (const slot of next) {
          if (await this.#fire(gateway, slot)) moved++;
          // PGlite answers within the turn of the loop: without a pause a flood would leave no turn to other
          // work.
          await nextTurn();
        }
      };
      await Promise.all(Array.from({ length: atOnceMax }, lane));
      isMore = slots.length === pageMax && moved > 0;
    }
  }

  /** Fires one slot; true when the slot is concluded, by a fire or otherwise. */
  async #fire(gateway: Gateway, slot: WaitingSlot): Promise<boolean> {
    const { store, tokens, log } = gateway;
    try {
      const call = { grant: standingGrant(tokens.issuer, slot), token: undefined };
      const { project, trigger } = slot;
      const definition = fireDefinition(this.#ports, this.#isExclusive(slot.spec));
      const answer: FireAnswer = await admit(gateway, definition, call, {
        project,
        trigger,
        slot: slot.slot,
      });
      return answer !== 'gone' && answer !== 'queued';
    } catch (error) {
      if (isUnavailable(error) || (error instanceof AndonError && error.code === 'store.unavailable'))
        throw error;
      if (error instanceof AndonError) return await recordRefusal(store, slot, 'refused', error.reasons);
      log.error({ err: error, trigger: slot.trigger, slot: slot.slot }, 'trigger');
      return await recordRefusal(store, slot, 'failed', [
        { code: 'internal', subject: `trigger/${slot.name}` },
      ]);
    } finally {
      gateway.sequencer.wake();
    }
  }

  #isExclusive(spec: PlanTrigger): boolean {
    return actionsOf(spec).some(({ kind }) => this.#ports[kind]?.exclusive === true);
  }

  /** Lets the present round end, and cuts deliveries short. */
  async close(): Promise<void> {
    this.#silence();
    await this.#rounds.close();
    await this.#deliveries?.close();
  }
}

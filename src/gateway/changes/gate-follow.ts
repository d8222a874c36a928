import { setTimeout as delay } from 'node:timers/promises';
import { z } from 'zod';
import { readDurations } from '../../changes/queue/view.ts';
import {
  type FollowedGate,
  followGate,
  readFollowedGate,
  readGateOutput,
} from '../../changes/slots/output.ts';
import { reason } from '../../lib/decision.ts';
import { defined } from '../../lib/defined.ts';
import { AndonError } from '../../lib/errors.ts';
import { authoriseRead } from '../admission/admit-query.ts';
import { id, name, project } from '../admission/inputs.ts';
import { answered, t } from '../admission/procedure.ts';
import type { Gateway } from '../services.ts';
import { findChange } from './find-change.ts';

/** News of a gate: its state, and output since the last news. */
export interface GateNews extends FollowedGate {
  /** Median of the last ten runs of the gate that passed; null where there is none. */
  readonly medianMs: number | null;
  readonly output: string;
}

const lookMs = 400;
/** A wish for output is good for ten seconds. */
const wishMs = 4_000;

interface GateFollowed {
  readonly project: string;
  readonly change: string;
  readonly gate: string;
}

/**
 * The procedure `gate.follow`: the states of a gate and its output so far, until it has ended. Its holder brings the output
 * for as long as somebody follows; it is no part of the log.
 */
export const followProcedure = (gateway: Gateway) =>
  t.procedure
    .meta({
      action: 'gate:read',
      description:
        'Streams a gate of a change while it is carried out: its state, how long it usually takes, and its output.',
    })
    .input(z.strictObject({ project, change: id, gate: name }))
    .subscription(async function* ({ ctx, input, signal }) {
      const call = await answered(gateway, async () => ctx.call());
      const allow = (): Promise<void> =>
        answered(gateway, () =>
          authoriseRead(gateway, call, { action: 'gate:read', project: input.project }),
        );
      await allow();
      const { id: change } = await answered(gateway, () =>
        findChange(gateway.store, input.project, input.change),
      );
      yield* news(gateway, { ...input, change }, allow, signal);
    });

async function* news(
  gateway: Gateway,
  of: GateFollowed,
  allow: () => Promise<void>,
  signal: AbortSignal | undefined,
): AsyncGenerator<GateNews> {
  const look = new GateLook(gateway, of);
  while (signal?.aborted !== true) {
    // The grant may end, or be revoked, while the stream is open.
    await allow();
    const { found, isNews } = await answered(gateway, () => look.next());
    if (isNews) yield found;
    if (found.status === 'passed' || found.status === 'failed') return;
    await delay(lookMs, undefined, defined({ signal })).catch(() => undefined);
  }
}

/** Looks at a gate again and again, and tells if there is something new. */
class GateLook {
  readonly #gateway: Gateway;
  readonly #of: GateFollowed;
  #said = '';
  #after = 0;
  #wishedMs = Number.NEGATIVE_INFINITY;

  constructor(gateway: Gateway, of: GateFollowed) {
    this.#gateway = gateway;
    this.#of = of;
  }

  async next(): Promise<{ readonly found: GateNews; readonly isNews: boolean }> {
    const { store } = this.#gateway;
    const { project: name, gate } = this.#of;
    const found = await gateOf(this.#gateway, this.#of);
    await this.#wish(found.run);
    const pieces = await readGateOutput(store, found.run, this.#after);
    this.#after = pieces.at(-1)?.piece ?? this.#after;
    const output = pieces.map(({ body }) => body).join('');
    const state = `${found.run} ${found.status} ${found.runner}`;
    const isNews = state !== this.#said || output !== '';
    this.#said = state;
    const medians = await readDurations(store, name, isNews ? [gate] : []);
    return { found: { ...found, medianMs: medians.get(gate) ?? null, output }, isNews };
  }

  async #wish(run: string): Promise<void> {
    if (performance.now() - this.#wishedMs < wishMs) return;
    this.#wishedMs = performance.now();
    await followGate(this.#gateway.store, run);
  }
}

async function gateOf(
  { store }: Gateway,
  { project: of, change, gate }: GateFollowed,
): Promise<FollowedGate> {
  const found = await readFollowedGate(store, of, change, gate);
  if (found === undefined) throw new AndonError([reason('gate.missing', gate)]);
  return found;
}

import type { GateEvidence } from '../../sandbox/run-gate.ts';
import type { ContainmentKind } from '../../sandbox/sandbox.ts';
import type { RunnerGateway } from '../protocol.ts';
import type { GateOrder } from './gate-order.ts';
import type { GatePiece } from './pieces.ts';

/** The slots of a runner for gates, and the way in which it contains commands. */
export interface GateOffer {
  readonly slots: number;
  readonly containment: ContainmentKind;
}

/** A gate that the runner holds. */
export interface HeldOrder {
  readonly run: string;
  readonly nonce: string;
}

/** The gateway, as a runner of gates calls it. A call whose signal aborts rejects at once. */
export interface GateGateway extends Pick<RunnerGateway, 'url' | 'agent' | 'missed' | 'prover'> {
  /** The present token of the runner. */
  token(): Promise<string>;
  take(offer: GateOffer, signal: AbortSignal): Promise<GateOrder | null>;
  /** Keeps gates for a lease more, with output of those that somebody follows; resolves to those that it still holds. */
  beat(
    offer: GateOffer,
    held: readonly HeldOrder[],
    output: readonly GatePiece[],
    signal: AbortSignal,
  ): Promise<readonly { readonly run: string; readonly followed: boolean }[]>;
  /** Reports an end; `lost` when the runner no longer holds the gate. */
  end(order: GateOrder, result: GateEvidence, signal: AbortSignal): Promise<'written' | 'lost'>;
  /** Gives a gate back whose set-up failed here. */
  setupFailed(order: GateOrder, why: string, signal: AbortSignal): Promise<void>;
  /** Gives gates back; `ends` says that the runner takes no more. */
  release(held: readonly HeldOrder[], ends: boolean, signal: AbortSignal): Promise<void>;
  /** Calls back when gates may wait, until the signal aborts. */
  listen(ring: () => void, signal: AbortSignal): Promise<void>;
}

import type { MachineLimits } from '../../sandbox/machine-limits.ts';
import type { SandboxSetting } from '../../sandbox/run-gate.ts';
import type { SetupOrder } from '../setups/setup-order.ts';

/** A gate to carry out, as whoever took it gets it: what to run on which commit, within what, and for how long. */
export interface GateOrder {
  readonly run: string;
  readonly project: string;
  readonly gate: string;
  readonly tree: string;
  /** The commit to check out; its tree is `tree`. */
  readonly candidate: string;
  readonly command: string;
  readonly timeoutMs: number;
  readonly network: boolean;
  /** The step before the command, where the gate has one. */
  readonly setup?: SetupOrder;
  readonly limits: MachineLimits;
  /** The containment that the operator of the gateway asks for. */
  readonly sandbox: SandboxSetting;
  /** Names this lease: whoever reports has to know it. */
  readonly nonce: string;
  readonly leaseMs: number;
}

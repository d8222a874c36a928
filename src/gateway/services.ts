import type { Logger } from 'pino';
import type { Analyser } from '../analysis/analyser.ts';
import type { Reason } from '../lib/decision.ts';
import type { PlanTrigger } from '../plan/triggers.ts';
import type { SandboxSetting } from '../sandbox/run-gate.ts';
import type { Feed } from '../store/log/feed.ts';
import type { Sequencer } from '../store/log/sequencer.ts';
import type { VerifyResult } from '../store/log/verify-log.ts';
import type { Admission } from './admission/admission.ts';
import type { TokenService } from './auth/token-service.ts';
import type { LogKeeper } from './log-mark/log-keeper.ts';
import type { Metrics } from './metrics.ts';
import type { Repositories } from './repositories/repositories.ts';
import type { ShownTrees } from './repositories/shown-trees.ts';

/** The services that procedures may use, one of each, made once in app.ts. */
export interface Gateway extends Admission {
  readonly sequencer: Sequencer;
  readonly feed: Feed;
  readonly logKeeper: LogKeeper;
  readonly tokens: TokenService;
  readonly git: Repositories;
  readonly analyser: Analyser;
  /** Workers for gates, landings, audits and chores, which go on by themselves after a call. */
  readonly workers: WorkersPort;
  readonly triggers: TriggersPort;
  readonly metrics: Metrics;
  /** The trees that judges were shown. */
  readonly shownTrees: ShownTrees;
  readonly log: Logger;
}

/** The result of verifying the log, and its gap below the mark in words. */
export type VerifiedLog = VerifyResult & { readonly below: string | null };

/** Methods of the workers that procedures call; `Workers` implements them. */
export interface WorkersPort {
  /** The containment of gates that the operator asks for, and the lease under which runners hold them. */
  readonly gateBounds: { readonly sandbox: SandboxSetting; readonly leaseMs: number };
  /** Calls back whenever gates of the project may wait for a slot; answers a function that ends that. */
  hearGates(project: string, ring: () => void): () => void;
  /** Runs the waiting gates of the project, and lands its approved changes. Never rejects. */
  wake(project: string): void;
  /** Wakes the project; `*` all of them. */
  wakeAll(project: string): Promise<void>;
  /** Notes that an applied plan added or changed so many tasks. */
  planned(tasks: number): void;
  /** Starts on the audits that were requested. Never rejects. */
  audit(): void;
  /**
   * Ends the landings of the project (`*`: of all) with an intent from before a red stop; the stop is
   * acknowledged after that.
   */
  settleLandings(project: string): Promise<void>;
  /** Carries out a sync that was intended; true when main is where it leads. */
  settleSync(project: string, id: string): Promise<boolean>;
  /** Verifies the log and its mark. */
  verifyLog(): Promise<VerifiedLog>;
}

/** Methods of the triggers that procedures call; `TriggerService` implements them. */
export interface TriggersPort {
  /** Reasons against the commands and targets of a trigger that the operator of this gateway did not name. */
  faults(name: string, trigger: PlanTrigger): Reason[];
  /** Fires the slots that wait. */
  wake(): void;
}

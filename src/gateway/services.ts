import type { Logger } from 'pino';
import type { Analyser } from '../analysis/analyser.ts';
import type { Reason } from '../lib/decision.ts';
import type { PlanTrigger } from '../plan/triggers.ts';
import type { Feed } from '../store/log/feed.ts';
import type { Sequencer } from '../store/log/sequencer.ts';
import type { VerifyResult } from '../store/log/verify-log.ts';
import type { Admission } from './admission/admission.ts';
import type { TokenService } from './auth/token-service.ts';
import type { LogKeeper } from './log-mark/log-keeper.ts';
import type { Metrics } from './metrics.ts';
import type { Repositories } from './repositories/repositories.ts';

/** The services that procedures may use, one of each, made once in app.ts. */
export interface Gateway extends Admission {
  readonly sequencer: Sequencer;
  readonly feed: Feed;
  readonly logKeeper: LogKeeper;
  readonly tokens: TokenService;
  readonly git: Repositories;
  readonly analyser: Analyser;
  /** Gates, landings, audits and chores, which go on by themselves after a call. */
  readonly workers: WorkersPort;
  readonly triggers: TriggersPort;
  readonly metrics: Metrics;
  readonly log: Logger;
}

export type VerifiedLog = VerifyResult & { readonly below: string | null };

/** The part of the workers that procedures speak to; `Workers` keeps these promises. */
export interface WorkersPort {
  /** Work may be waiting in this project: runs its gates, lands its approved changes. Never rejects. */
  wake(project: string): void;
  /** Wakes the project; `*` all of them. */
  wakeAll(project: string): Promise<void>;
  /** A plan was applied that added or changed so many tasks. */
  planned(tasks: number): void;
  /** An audit was asked for. Never rejects. */
  audit(): void;
  /** Ends the landings of the project (`*`: of all) that were intended before a red stop, which is acknowledged after. */
  settleLandings(project: string): Promise<void>;
  /** Verifies the log and its mark. */
  verifyLog(): Promise<VerifiedLog>;
}

/** The part of the triggers that procedures speak to; `TriggerService` keeps these promises. */
export interface TriggersPort {
  /** The commands and targets of a trigger that the operator of this gateway did not name. */
  faults(name: string, trigger: PlanTrigger): Reason[];
  /** Slots may be waiting: fires them. */
  wake(): void;
}

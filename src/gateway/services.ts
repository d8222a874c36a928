import type { Logger } from 'pino';
import type { Analyser } from '../analysis/analyser.ts';
import type { Chainer } from '../store/chainer.ts';
import type { Feed } from '../store/feed.ts';
import type { TokenService } from './auth/token-service.ts';
import type { Admission } from './door/admission.ts';
import type { GitProjects } from './git-projects.ts';
import type { LineService } from './line/line-service.ts';
import type { LogKeeper } from './log-mark/log-keeper.ts';
import type { Metrics } from './metrics.ts';
import type { TriggerDoor } from './trigger-door.ts';

/** The services that procedures may use, one of each, made once in app.ts. */
export interface Gateway extends Admission {
  readonly chainer: Chainer;
  readonly feed: Feed;
  readonly logKeeper: LogKeeper;
  readonly tokens: TokenService;
  readonly git: GitProjects;
  readonly analyser: Analyser;
  /** Gates, landing, leases: what goes on by itself after a call. */
  readonly line: LineService;
  /** Triggers. */
  readonly triggers: TriggerDoor;
  readonly metrics: Metrics;
  readonly log: Logger;
}

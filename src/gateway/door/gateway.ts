import type { Logger } from 'pino';
import type { Analyser } from '../../analysis/analyser.ts';
import type { Chainer } from '../../store/chainer.ts';
import type { Feed } from '../../store/feed.ts';
import type { Store } from '../../store/store.ts';
import type { TokenService } from '../auth/token-service.ts';
import type { GitProjects } from '../git-projects.ts';
import type { LineService } from '../line/line-service.ts';
import type { LogKeeper } from '../log-mark/log-keeper.ts';
import type { Metrics } from '../metrics.ts';
import type { TriggerDoor } from '../trigger-door.ts';

/** What every procedure may use: one of each, made once in app.ts. */
export interface Gateway {
  readonly store: Store;
  readonly chainer: Chainer;
  readonly feed: Feed;
  /** The mark of the log outside the database; while the database is below it, nothing changes. */
  readonly logKeeper: LogKeeper;
  readonly tokens: TokenService;
  readonly git: GitProjects;
  readonly analyser: Analyser;
  /** Gates, landing, leases: what goes on by itself after a call. */
  readonly line: LineService;
  /** What fires by itself. */
  readonly triggers: TriggerDoor;
  readonly metrics: Metrics;
  readonly log: Logger;
  /** Seconds since 1970 by the database's clock, as last read. */
  nowSeconds(): number;
  /** The database's clock as a transaction found it: memory's is never behind that. */
  seeTime(now: Date): void;
}

import type { RunnerGateway } from './protocol.ts';

/** What every run of a runner is given. */
export interface LiveRunOptions {
  readonly gateway: RunnerGateway;
  /** The folder below which each run has its own. */
  readonly runs: string;
  readonly sandbox: 'required' | 'preferred';
  /** Folders that no run may see. */
  readonly hidden: readonly string[];
  /** Folders that runs need to read: the program `andon`. */
  readonly visible: readonly string[];
  /** How `andon` is started. */
  readonly launch: readonly string[];
  readonly outer: Readonly<Record<string, string | undefined>>;
  /** Marks everything that this runner starts. */
  readonly runnerMark: Readonly<Record<string, string>>;
  /** Hears of each user that is a run's alone. */
  readonly ownUser: (uid: number) => void;
  /** Leaves the folder of a run behind. */
  readonly keep: boolean;
  readonly say: (run: string, words: string) => void;
}

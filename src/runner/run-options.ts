import type { UserWatch } from '../sandbox/sandbox.ts';
import type { RunnerGateway } from './protocol.ts';

/** Options that all runs of a runner share. */
export interface LiveRunOptions {
  readonly gateway: RunnerGateway;
  /** The folder of the runs' folders. */
  readonly runs: string;
  readonly sandbox: 'required' | 'preferred';
  /** Folders that no run may see. */
  readonly hidden: readonly string[];
  /** Folders that runs need to read: the program `andon`. */
  readonly visible: readonly string[];
  /** The command that starts `andon`. */
  readonly launch: readonly string[];
  readonly outer: Readonly<Record<string, string | undefined>>;
  /** Variables that mark every process of this runner. */
  readonly runnerMark: Readonly<Record<string, string>>;
  /** Hears of the users of gates and runs. */
  readonly users: UserWatch;
  /** True to leave the folder of a run behind. */
  readonly keep: boolean;
  readonly say: (run: string, words: string) => void;
}

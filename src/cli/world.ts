import type { Logger } from 'pino';
import type { App, AppExtras } from '../app.ts';
import type { Config, ConfigInput } from '../config.ts';
/** Variables of the environment. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** Functions that only the composition root can do; main.ts hands them in, loaded at their first use. */
export interface Root {
  startApp(config: Config, extras?: AppExtras): Promise<App>;
  createLog(level: string): Promise<Logger>;
  configure(input: ConfigInput, env: Environment): Config;
  stateFolderOf(dataFolder: string, env: Environment): string;
}

/** The parts of the outside that commands touch. */
export interface World {
  readonly root: Root;
  readonly env: Environment;
  readonly cwd: string;
  readonly stdout: Sink;
  readonly stderr: Sink;
  /** The words after the program's name. */
  readonly args: readonly string[];
  /** The command that starts this program again: node, its options, the file. */
  readonly launch: readonly string[];
}

/** A stream, reduced to the methods that the CLI calls. */
export interface Sink {
  readonly isTTY?: boolean | undefined;
  write(text: string): unknown;
}

import type { Logger } from 'pino';
import type { App, AppExtras } from '../app.ts';
import type { Config, ConfigInput } from '../config.ts';
export type Environment = Readonly<Record<string, string | undefined>>;

/** What only the composition root can do; main.ts hands it in, loaded when it is first needed. */
export interface Root {
  startApp(config: Config, extras?: AppExtras): Promise<App>;
  createLog(level: string): Promise<Logger>;
  configure(input: ConfigInput, env: Environment): Config;
  stateFolderOf(dataFolder: string, env: Environment): string;
}

/** Everything outside that commands touch. */
export interface World {
  readonly root: Root;
  readonly env: Environment;
  readonly cwd: string;
  readonly stdout: Sink;
  readonly stderr: Sink;
  /** The words after the program's name. */
  readonly args: readonly string[];
  /** How to start this program again: node, its options, the file. */
  readonly launch: readonly string[];
}

/** A stream as far as the CLI knows it. */
export interface Sink {
  readonly isTTY?: boolean | undefined;
  write(text: string): unknown;
}
